import type { ComponentChildren } from 'preact';

// Our own drawings, on a grid of 24, as lines of the colour of the text. They
// are decoration: what they stand for is said by the label of the control.

export interface IconProps {
  size?: number; // px at the normal text size
  class?: string;
}
type Icon = (props: IconProps) => ComponentChildren;

const icon =
  (...paths: string[]): Icon =>
  ({ size = 22, class: className }) => (
    <svg
      class={className}
      width={`${size / 16}rem`}
      height={`${size / 16}rem`}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {paths.map((d) => (
        <path key={d} d={d} />
      ))}
    </svg>
  );

export const IconBack = icon('M15 5l-7 7 7 7');
export const IconForward = icon('M9 5l7 7-7 7');
export const IconDown = icon('M5 9l7 7 7-7');
export const IconClose = icon('M6 6l12 12M18 6L6 18');
export const IconCheck = icon('M5 12.5l4.5 4.5L19 7.5');
export const IconChecks = icon('M2.5 12.5L7 17l8.5-9M11 15.5l1.5 1.5L21.5 8');
export const IconClock = icon('M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z', 'M12 7.5V12l3 2');
export const IconMore = icon('M12 5.5v.01M12 12v.01M12 18.5v.01');
export const IconMenu = icon('M4 7h16M4 12h16M4 17h16');
export const IconSearch = icon('M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z', 'M15.5 15.5L20 20');
export const IconPlus = icon('M12 5v14M5 12h14');
export const IconEdit = icon('M4 20l.9-4L16.2 4.7a1.7 1.7 0 0 1 2.4 0l.7.7a1.7 1.7 0 0 1 0 2.4L8 19.1z', 'M14 7l3 3');
export const IconTrash = icon('M5 7h14M10 7V4.5h4V7M6.5 7l1 12.5h9l1-12.5M10 11v5M14 11v5');
export const IconPin = icon('M9 4h6l-.7 6 3.2 3.5h-11L9.7 10z', 'M12 13.5V20');
export const IconBell = icon('M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15z', 'M10.2 21h3.6');
export const IconMute = icon('M8 7a6 6 0 0 1 10 4v4M6 10.5V16.5l-1.5 2H16M10.2 21h3.6', 'M4 4l16 16');
export const IconArchive = icon('M4 5h16v4H4z', 'M5.5 9v10.5h13V9M10 13h4');
export const IconUnarchive = icon('M4 5h16v4H4z', 'M5.5 9v10.5h13V9M12 17v-5M9.5 14l2.5-2.5 2.5 2.5');
export const IconUser = icon('M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8z', 'M4.5 20c.6-3.8 3.6-6 7.5-6s6.900 2.200 7.500 6');
export const IconUserPlus = icon('M10 4.500a3.700 3.700 0 1 0 0 7.400 3.700 3.700 0 0 0 0-7.400z', 'M3 19.500c.6-3.500 3.300-5.500 7-5.500 1.800 0 3.400.5 4.600 1.400M18 14v6M15 17h6');
export const IconGroup = icon('M9 5a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7z', 'M2.500 19.500c.5-3.400 3-5.300 6.500-5.300s6 1.900 6.500 5.300M15.500 5.300a3.500 3.500 0 0 1 0 6.400M17.500 14.600c2.200.6 3.600 2.300 4 4.900');
export const IconChannel = icon('M4 10v4h3.500L15 18.500v-13L7.500 10z', 'M18 9.500a3.500 3.500 0 0 1 0 5M7.500 14l1 5h2l-.7-3.800');
export const IconBookmark = icon('M7 4h10v16l-5-4-5 4z');
export const IconSettings = icon('M4 7.500h8M16 7.500h4M4 16.500h4M12 16.500h8', 'M14 5.300a2.200 2.200 0 1 0 0 4.400 2.200 2.200 0 0 0 0-4.400z', 'M10 14.300a2.200 2.200 0 1 0 0 4.400 2.200 2.200 0 0 0 0-4.400z');
export const IconLogOut = icon('M10 4.500H5.500v15H10M14 8l4 4-4 4M18 12H9.500');
export const IconLink = icon('M10 14a4 4 0 0 0 5.700 0l3-3A4 4 0 0 0 13 5.300l-1 1', 'M14 10a4 4 0 0 0-5.700 0l-3 3A4 4 0 0 0 11 18.700l1-1');
export const IconCopy = icon('M9 9h10v11H9z', 'M15 9V4H5v11h4');
export const IconShare = icon('M12 15V4M8 7.500L12 4l4 3.500', 'M6 11H4.500v9h15v-9H18');
export const IconQR = icon('M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4z', 'M14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 18v2');
export const IconEye = icon('M2.500 12C4.500 8 8 6 12 6s7.500 2 9.500 6c-2 4-5.500 6-9.500 6s-7.500-2-9.500-6z', 'M12 9.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5z');
export const IconEyeOff = icon('M6 7.500C4.600 8.600 3.400 10.100 2.500 12c2 4 5.500 6 9.500 6 1.900 0 3.600-.4 5.100-1.300M10 6.200c.6-.1 1.300-.2 2-.2 4 0 7.500 2 9.500 6-.6 1.200-1.300 2.200-2.200 3', 'M4 4l16 16');
export const IconWarning = icon('M12 4.500L2.800 20h18.400z', 'M12 10.500v4M12 17.300v.01');
export const IconInfo = icon('M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17z', 'M12 11v5.500M12 7.800v.01');
export const IconOffline = icon('M4.500 10a11 11 0 0 1 3-2M12 6.800a11 11 0 0 1 7.500 3.200M8 13.500a6 6 0 0 1 3-1.500M15.500 13.200l.5.300M12 18v.01', 'M4 4l16 16');
export const IconChat = icon('M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-8l-5 4v-4H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2z', 'M7.500 9.500h9M7.500 13h6');
export const IconNewChat = icon('M12 5H5a2 2 0 0 0-2 2v8a2 2 0 0 0 2 2h1v4l5-4h8a2 2 0 0 0 2-2v-3', 'M18 3v6M15 6h6');
export const IconSend = icon('M4.500 12L3.500 4.500 21 12 3.500 19.500z', 'M4.500 12H12');
export const IconAttach = icon('M19 11.500l-7.300 7.300a4.600 4.600 0 0 1-6.500-6.500l7.800-7.800a3.100 3.100 0 0 1 4.400 4.400l-7.700 7.700a1.500 1.500 0 0 1-2.200-2.200l7-7');
export const IconSmile = icon('M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17z', 'M8.500 14c.8 1.400 2 2.100 3.500 2.100s2.700-.7 3.500-2.100M9 9.500v.01M15 9.500v.01');
export const IconMic = icon('M12 3.500a3 3 0 0 0-3 3V12a3 3 0 0 0 6 0V6.500a3 3 0 0 0-3-3z', 'M5.500 11.500a6.500 6.500 0 0 0 13 0M12 18v3');
export const IconMicOff = icon('M9 9v3a3 3 0 0 0 4.500 2.600M15 11V6.500a3 3 0 0 0-5.800-1', 'M5.500 11.500a6.500 6.500 0 0 0 10 5.500M18.500 11.500a6.500 6.500 0 0 1-.6 2.700M12 18v3', 'M4 4l16 16');
export const IconCamera = icon('M3 8h4l1.500-2.500h7L17 8h4v11H3z', 'M12 10a3.300 3.300 0 1 0 0 6.600 3.300 3.300 0 0 0 0-6.600z');
export const IconVideo = icon('M3 7h12v10H3z', 'M15 11l6-3.500v9L15 13');
export const IconVideoOff = icon('M7 7H3v10h12v-2M11 7h4v4l6-3.500v9', 'M4 4l16 16');
export const IconPhone = icon('M6.500 3.500L10 4l1 4.500-2 1.500a11 11 0 0 0 5 5l1.500-2 4.500 1 .5 3.500c0 1.400-1 2.500-2.500 2.500C10 20 4 14 4 6c0-1.500 1.100-2.500 2.500-2.500z');
export const IconHangUp = icon('M3 14.500c0-3 4-5.500 9-5.500s9 2.500 9 5.500c0 1.500-.7 2.200-2 2l-3-.5-.7-2.700a10 10 0 0 0-6.600 0L8 16l-3 .5c-1.300.2-2-.5-2-2z');
export const IconPlay = icon('M7.500 5v14l11-7z');
export const IconPause = icon('M8.500 5v14M15.500 5v14');
export const IconStop = icon('M6.500 6.500h11v11h-11z');
export const IconImage = icon('M4 5h16v14H4z', 'M4 16l4.500-4.500 4 4 2.500-2.500 5 4.500M15.500 9.200v.01');
export const IconFile = icon('M6.500 3.500H14L18.500 8v12.500h-12z', 'M14 3.500V8h4.500');
export const IconDownload = icon('M12 4v11M8 11.500l4 3.500 4-3.500', 'M5 19.500h14');
export const IconReply = icon('M9.500 6L4 11l5.500 5v-3.500c4.500 0 8 1 10.500 5 0-5.500-3.500-8.500-10.500-9z');
export const IconForwardMessage = icon('M14.500 6L20 11l-5.500 5v-3.500c-4.500 0-8 1-10.500 5 0-5.500 3.500-8.500 10.500-9z');
export const IconStar = icon('M12 4l2.400 5.200 5.600.7-4.100 3.900 1.100 5.700-5-2.800-5 2.800 1.100-5.700L4 9.900l5.600-.7z');
export const IconShield = icon('M12 3.500l7 2.500v5.500c0 4.300-2.900 7.300-7 9-4.100-1.700-7-4.700-7-9V6z', 'M9 12l2.200 2.200L15.200 10');
export const IconKey = icon('M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8z', 'M11 12.500L19.500 4M16 7.500l2.500 2.500M13.500 10l1.500 1.500');
export const IconGlobe = icon('M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17z', 'M3.500 12h17M12 3.500c2.500 2.300 3.700 5.200 3.700 8.500s-1.200 6.200-3.700 8.500c-2.500-2.300-3.700-5.200-3.700-8.500s1.200-6.200 3.700-8.500z');
export const IconMoon = icon('M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500z');
export const IconSun = icon('M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z', 'M12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M5.300 18.700l1.400-1.400M17.300 6.700l1.400-1.400');
export const IconDevices = icon('M3 5h13v4M3 5v10h8M7 19h4M11 15v4', 'M14 9.500h7v10h-7zM17 16.800h1');
export const IconBold = icon('M7.500 5h5.500a3.300 3.300 0 0 1 0 6.700H7.500zM7.500 11.700h6.300a3.600 3.600 0 0 1 0 7.300H7.500z');
export const IconItalic = icon('M10 5h7M7 19h7M14 5l-4 14');
export const IconStrike = icon('M5 12h14M16.500 7.500C15.700 5.800 14 5 12 5 9.500 5 7.500 6.300 7.500 8.500c0 1.500.9 2.700 3 3.500M7.200 16c.7 2 2.500 3 4.800 3 2.700 0 4.700-1.400 4.700-3.700 0-.5-.1-1-.3-1.300');
export const IconCode = icon('M8.500 7L3.500 12l5 5M15.500 7l5 5-5 5');

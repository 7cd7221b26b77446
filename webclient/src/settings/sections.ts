import type { ComponentType } from 'preact';
import type { Key } from '../i18n';
import { IconBell, IconDevices, IconDownload, IconKey, IconShield, IconSun, IconUser, IconEyeOff, type IconProps } from '../ui/icons';

export interface SectionInfo {
  key: string;
  title: Key;
  text: Key;
  icon: ComponentType<IconProps>;
}

export const sections: SectionInfo[] = [
  { key: 'profile', title: 'settings.profile', text: 'settings.profileText', icon: IconUser },
  { key: 'account', title: 'settings.account', text: 'settings.accountText', icon: IconKey },
  { key: 'devices', title: 'settings.devices', text: 'settings.devicesText', icon: IconDevices },
  { key: 'totp', title: 'settings.totp', text: 'settings.totpText', icon: IconShield },
  { key: 'notifications', title: 'settings.notify', text: 'settings.notifyText', icon: IconBell },
  { key: 'privacy', title: 'settings.privacy', text: 'settings.privacyText', icon: IconEyeOff },
  { key: 'appearance', title: 'settings.look', text: 'settings.lookText', icon: IconSun },
  { key: 'data', title: 'settings.data', text: 'settings.dataText', icon: IconDownload },
];

import { useState } from 'preact/hooks';
import { hue, initials } from '../model/card';
import { IconBookmark, IconChannel, IconGroup, IconUser } from './icons';

export interface AvatarProps {
  id: string; // of the user or topic: chooses the colour
  name: string;
  photo?: string | undefined;
  kind?: 'user' | 'group' | 'channel' | 'self';
  size?: number; // px at the normal text size
  online?: boolean;
}

const stands = { user: IconUser, group: IconGroup, channel: IconChannel, self: IconBookmark };

// Avatar is the picture, or else the initials. It is decoration: the name stands
// beside it, or the control that it is in has a label.
export function Avatar({ id, name, photo, kind = 'user', size = 48, online }: AvatarProps) {
  const [broken, setBroken] = useState('');
  const letters = kind === 'self' ? '' : initials(name);
  const Icon = stands[kind];
  return (
    <span class={`avatar avatar-${hue(id)}${online ? ' avatar-dot' : ''}`} style={{ '--size': `${size / 16}rem` }} data-letters={photo && photo !== broken ? '' : letters} aria-hidden="true">
      {photo && photo !== broken ? (
        <img src={photo} alt="" loading="lazy" decoding="async" draggable={false} onError={() => setBroken(photo)} />
      ) : (
        !letters && <Icon size={size * 0.5} />
      )}
    </span>
  );
}

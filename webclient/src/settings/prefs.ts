import { effect, signal } from '@preact/signals';
import { sdk } from '../model/session';
import { local } from '../model/storage';

// What a browser does for its user, whoever he is: notifications, and whether
// others are told that he types.

interface Saved {
  notify: boolean;
  sound: boolean;
  preview: boolean;
  typing: boolean;
}
const kept = 'habits';
const saved: Saved = { notify: true, sound: true, preview: true, typing: true, ...local.get<Partial<Saved>>(kept) };

export const notifyOn = signal(saved.notify); // as far as the browser allows it
export const notifySound = signal(saved.sound);
export const notifyPreview = signal(saved.preview); // the text of messages
export const showTyping = signal(saved.typing);

effect(() => {
  const now: Saved = { notify: notifyOn.value, sound: notifySound.value, preview: notifyPreview.value, typing: showTyping.value };
  if (JSON.stringify(now) !== JSON.stringify(saved)) local.put(kept, Object.assign(saved, now));
});

// watchTyping keeps notes about typing and recording back where they are not
// wanted, wherever they come from.
export function watchTyping(): void {
  const s = sdk() as unknown as { noteKeyPress(topic: string, what?: string): void };
  const send = s.noteKeyPress.bind(s);
  s.noteKeyPress = (topic, what) => {
    if (showTyping.peek()) send(topic, what);
  };
}

import { signal } from '@preact/signals';
import type { Recording } from '../files/record';

// What the rest of the page knows of WeChat, without loading anything of it.

export interface VoiceRecorder {
  record(onLevel: (level: number, millis: number) => void, onFull: () => void): Promise<Recording>;
  playable: boolean; // the server makes of its recordings what browsers play
}

// weChatVoice is there once the JS-SDK takes recordings.
export const weChatVoice = signal<VoiceRecorder | null>(null);

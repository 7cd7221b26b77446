// What somebody began to write stays until it is sent, also when the page is closed.

import { drawer } from '../model/session';

export interface Draft {
  text: string;
  mentions: [name: string, user: string][];
  reply?: number | undefined; // seq
}

const key = (topic: string) => `draft.${topic}`;

export const loadDraft = (topic: string): Draft | null => {
  const d = drawer().get<Draft>(key(topic));
  return d && typeof d.text === 'string' && Array.isArray(d.mentions) ? d : null;
};
export const saveDraft = (topic: string, d: Draft): void => drawer().put(key(topic), d.text.trim() || d.reply ? d : null);

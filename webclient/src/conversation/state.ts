// What a page of a conversation knows beside the conversation itself.

import { signal } from '@preact/signals';
import type { Conversation } from './conversation';
import type { Message } from './timeline';

export type Writing = { kind: 'new' } | { kind: 'reply'; to: Message } | { kind: 'edit'; message: Message };

export class PageState {
  readonly writing = signal<Writing>({ kind: 'new' });
  readonly chosen = signal<ReadonlySet<number> | null>(null); // several are being selected
  readonly active = signal(''); // key of the row that the keyboard is at
  readonly flash = signal(''); // key of the row that was jumped to
  readonly forwarding = signal<Message[] | null>(null);
  readonly deleting = signal<number[] | null>(null);
  readonly viewing = signal<string | null>(null); // key of the picture: row and place
  focusComposer: () => void = () => {};

  constructor(readonly conversation: Conversation) {}

  toggle(seq: number): void {
    const next = new Set(this.chosen.peek() ?? []);
    if (!next.delete(seq)) next.add(seq);
    this.chosen.value = next;
  }

  messages(): Message[] {
    return [...(this.chosen.peek() ?? [])].sort((a, b) => a - b).flatMap((s) => this.conversation.timeline.message(s) ?? []);
  }
}

import { signal } from '@preact/signals';

/** The conversation that is open; '' for none. */
export const current = signal('');

/** watch says that a conversation is open; what it returns, that it is not any more. */
export function watch(topic: string): () => void {
  current.value = topic;
  return () => {
    if (current.peek() === topic) current.value = '';
  };
}

import { signal } from '@preact/signals';

// wanted is what was looked for in the list, to go on with among all people.
export const wanted = signal('');

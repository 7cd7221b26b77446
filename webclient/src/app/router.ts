import { computed, signal } from '@preact/signals';

// The address of a page is behind the "#": no server has to know it, and the
// page can be mounted anywhere. "#/c/usrAbc/info" is ['c', 'usrAbc', 'info'].

const parse = (): string[] =>
  location.hash
    .replace(/^#\/?/, '')
    .split('/')
    .filter(Boolean)
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });

const parts = signal<string[]>(parse());
export const path = computed(() => parts.value);
// here is the path as text, to compare: "c/usrAbc/info".
export const here = computed(() => parts.value.join('/'));

export const link = (...to: string[]): string => `#/${to.map(encodeURIComponent).join('/')}`;

let depth = 0; // pages of ours behind this one

// go leads to a page: go('c', name). replace forgets the present one.
export function go(...to: string[]): void {
  if (link(...to) === link(...parts.peek())) return;
  depth++;
  history.pushState({ depth }, '', link(...to));
  parts.value = parse();
}

export function replace(...to: string[]): void {
  history.replaceState({ depth }, '', link(...to));
  parts.value = parse();
}

// back returns to the page before, if that is one of ours, else to the fallback:
// whoever opened a link to a conversation gets to the list.
export function back(...fallback: string[]): void {
  if (depth > 0) history.back();
  else replace(...fallback);
}

const follow = (): void => {
  depth = (history.state as { depth?: number } | null)?.depth ?? 0;
  parts.value = parse();
};
addEventListener('popstate', follow);
addEventListener('hashchange', follow);

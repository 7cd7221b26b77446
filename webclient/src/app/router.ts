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

// Entry is what the history keeps of one of its entries. Whatever lies over a page
// (a menu, a dialog) has an entry of its own above the page's, so that the
// browser's Back takes it away, and not the page.
interface Entry {
  depth: number; // pages of ours behind this one
  page: number; // to tell pages apart; 0: one that a link led to
  layer: number; // how many things lie over the page
}
const entry = (): Entry => ({ depth: 0, page: 0, layer: 0, ...(history.state as Partial<Entry> | null) });
let at = entry(); // where follow last was

function put(way: 'pushState' | 'replaceState', next: Entry, to: string): void {
  history[way](next, '', to);
  at = next;
}

// go leads to a page: go('c', name). replace forgets the present one.
export function go(...to: string[]): void {
  if (link(...to) === link(...parts.peek())) return;
  const { depth, layer } = entry();
  // What lay over the page is left with it; its entry is free.
  put(layer > 0 ? 'replaceState' : 'pushState', { depth: depth + 1, page: Math.random(), layer: 0 }, link(...to));
  parts.value = parse();
}

export function replace(...to: string[]): void {
  const { depth, layer } = entry();
  put('replaceState', { depth: layer > 0 ? depth + 1 : depth, page: Math.random(), layer: 0 }, link(...to));
  parts.value = parse();
}

// back returns to the page before, if that is one of ours, else to the fallback:
// whoever opened a link to a conversation gets to the list.
export function back(...fallback: string[]): void {
  const { depth, layer } = entry();
  if (depth > 0) history.go(-1 - layer);
  else replace(...fallback);
}

// What lies over the page, from below.
const layers: { close: () => void }[] = [];

// cover lays something over the page: Back then calls close instead of leading
// away. What it returns is to be called when that is gone, for whatever reason.
// Its entry stays until it is used again or Back comes to it, which then goes on
// at once: history.back() here would come later than what is done meanwhile, and
// undo that.
export function cover(close: () => void): () => void {
  const layer = { close };
  layers.push(layer);
  const now = entry();
  if (now.layer < layers.length) {
    const page = now.page || Math.random();
    if (!now.page) put('replaceState', { ...now, page }, location.href);
    for (let n = now.layer + 1; n <= layers.length; n++) put('pushState', { ...now, page, layer: n }, location.href);
  }
  return () => {
    const i = layers.indexOf(layer);
    if (i >= 0) layers.splice(i, 1);
  };
}

const follow = (): void => {
  const [from, to] = [at, entry()];
  at = to;
  const same = to.page !== 0 && to.page === from.page;
  const closed = layers.splice(same ? to.layer : 0).reverse();
  closed.forEach((l) => l.close());
  // An entry of something that was closed already: nothing has happened yet.
  if (same && to.layer < from.layer && closed.length === 0) history.back();
  parts.value = parse();
};
addEventListener('popstate', follow);
addEventListener('hashchange', follow);

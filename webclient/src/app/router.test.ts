import { beforeEach, expect, test, vi } from 'vitest';

// A history as browsers have it, but that goes back at once.
const fake = vi.hoisted(() => {
  const self = {
    entries: [{ state: null as unknown, hash: '' }],
    at: 0,
    listeners: [] as (() => void)[],
    get state() {
      return self.entries[self.at]!.state;
    },
    get hash() {
      return self.entries[self.at]!.hash;
    },
    get href() {
      return self.hash || '#';
    },
    pushState(state: unknown, _: string, to: string) {
      self.entries.splice(++self.at, self.entries.length, { state, hash: to });
    },
    replaceState(state: unknown, _: string, to: string) {
      self.entries[self.at] = { state, hash: to };
    },
    go(by: number) {
      if (!self.entries[self.at + by]) return;
      self.at += by;
      self.listeners.forEach((f) => f());
    },
    back: () => self.go(-1),
    click(hash: string) {
      self.pushState(null, '', hash);
      self.listeners.forEach((f) => f());
    },
  };
  Object.assign(globalThis, { history: self, location: self, addEventListener: (_: string, f: () => void) => self.listeners.push(f) });
  return self;
});
const { back, cover, go, here } = await import('./router');

// open lays something over the page, as a component does it.
function open(): { closed: number; close: () => void } {
  const layer = { closed: 0, close: () => {} };
  const gone = cover(() => (layer.closed++, gone()));
  layer.close = gone;
  return layer;
}

beforeEach(() => {
  fake.go(-fake.at);
  fake.entries.length = 1;
  go('c', 'a');
  go('c', 'a', 'info');
});

test('Back closes what is open and leaves the page as it was', () => {
  const [below, above] = [open(), open()];
  fake.back();
  expect([below.closed, above.closed, here.value]).toEqual([0, 1, 'c/a/info']);
  fake.back();
  expect([below.closed, above.closed, here.value]).toEqual([1, 1, 'c/a/info']);
  fake.back();
  expect(here.value).toBe('c/a');
});

test('after something was closed otherwise, one Back leads one page back', () => {
  open().close();
  fake.back();
  expect(here.value).toBe('c/a');
  open().close();
  open().close();
  back();
  expect(here.value).toBe('');
});

test('closing and going on at once: Back leads to the page that was below', () => {
  const menu = open();
  go('settings');
  menu.close();
  expect(here.value).toBe('settings');
  const [dialog, question] = [open(), open()];
  dialog.close();
  question.close();
  go('new');
  fake.back();
  expect(here.value).toBe('settings');
  fake.back();
  expect([here.value, menu.closed]).toEqual(['c/a/info', 0]);
});

test('one closes, the next opens: it has the entry of the first', () => {
  const menu = open();
  const length = fake.entries.length;
  menu.close();
  const dialog = open();
  expect(fake.entries).toHaveLength(length);
  fake.back();
  expect([dialog.closed, here.value]).toEqual([1, 'c/a/info']);
});

test('a link that is followed meanwhile', () => {
  fake.click('#/c/b');
  const picker = open();
  fake.click('#/c/d');
  expect([picker.closed, here.value]).toEqual([1, 'c/d']);
  fake.back();
  expect(here.value).toBe('c/b');
  fake.back();
  expect(here.value).toBe('c/a/info');
});

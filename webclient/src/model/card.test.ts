import { expect, test } from 'vitest';
import { hue, initials, nameOf, noteOf, photoOf } from './card';

const authorize = (path: string) => `${path}?secret=t`;

test.each([
  ['Anna', 'A'], ['Anna Berg', 'AB'], ['anna maria berg', 'AB'], ['  ', ''], ['李雷', '李'], ['💥 Boom', 'B'], ['j.doe', 'JD'], ['(x)', 'X'],
])('initials of %j', (name, want) => expect(initials(name)).toBe(want));

test('a card may be anything', () => {
  for (const card of [null, undefined, 'text', 5, {}, { fn: 7 }, []]) expect(nameOf(card)).toBe('');
  expect(nameOf({ fn: ` ${'x'.repeat(500)} ` })).toHaveLength(120);
});

test('names and notes have no tricks of direction, nor control characters', () => {
  expect(nameOf({ fn: 'Xavier \u202Egnp.exe\u202C\u0007' })).toBe('Xavier gnp.exe');
  expect(nameOf({ fn: '\u2067\u200f' })).toBe('');
  expect(nameOf({ fn: 'דנה 👩\u200d🚀' })).toBe('דנה 👩\u200d🚀');
  expect(noteOf({ note: 'one\u202E\r\n\ntwo\t\u2066' })).toBe('one\n\ntwo');
});

test('pictures: of this server, or in the card; never of another host', () => {
  expect(photoOf({ photo: { ref: '/v0/file/s/a.png' } }, authorize)).toBe('/v0/file/s/a.png?secret=t');
  for (const ref of ['https://evil.example/a.png', '//evil.example/a.png', 'javascript:alert(1)', 'data:text/html,x'])
    expect(photoOf({ photo: { ref } }, authorize)).toBeUndefined();
  expect(photoOf({ photo: { data: 'AAAA', type: 'png' } }, authorize)).toBe('data:image/png;base64,AAAA');
  expect(photoOf({ photo: { data: 'AAAA', type: 'svg+xml' } }, authorize)).toBe('data:image/jpeg;base64,AAAA');
  expect(photoOf({ photo: { data: '"><script>' } }, authorize)).toBeUndefined();
});

test('the colour belongs to the ID', () => {
  expect(hue('usrAbc')).toBe(hue('usrAbc'));
  for (const name of [(n: number) => `usr${n}`, (n: number) => `grp${String.fromCharCode(97 + (n % 26))}x${n}`, (n: number) => `usr${(n * 7919).toString(36)}AA`]) {
    const counts = new Array<number>(8).fill(0);
    for (let n = 0; n < 800; n++) counts[hue(name(n))]!++;
    expect(Math.min(...counts)).toBeGreaterThan(60); // 100 each, if it were even
    expect(Math.max(...counts)).toBeLessThan(140);
  }
});

import { expect, test } from 'vitest';
import { hue, initials, nameOf, photoOf } from './card';

const authorize = (path: string) => `${path}?secret=t`;

test.each([
  ['Anna', 'A'], ['Anna Berg', 'AB'], ['anna maria berg', 'AB'], ['  ', ''], ['李雷', '李'], ['💥 Boom', 'B'], ['j.doe', 'JD'], ['(x)', 'X'],
])('initials of %j', (name, want) => expect(initials(name)).toBe(want));

test('a card may be anything', () => {
  for (const card of [null, undefined, 'text', 5, {}, { fn: 7 }, []]) expect(nameOf(card)).toBe('');
  expect(nameOf({ fn: ` ${'x'.repeat(500)} ` })).toHaveLength(120);
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
  expect(new Set([...'abcdefghijkl'].map((c) => hue(`usr${c}`))).size).toBeGreaterThan(3);
});

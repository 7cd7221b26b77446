import { expect, test, vi } from 'vitest';

vi.stubGlobal('addEventListener', () => {});
const { matching, sameContact, sorted } = await import('./contacts');
const { kindOf, previewText } = await import('./preview');
const { queryFor } = await import('./search');
type Contact = import('./contacts').Contact;

const contact = (name: string, more: Partial<Contact> = {}): Contact => ({
  name, kind: 'user', title: name, photo: undefined, online: false, seen: 0, touched: 0, unread: 0, pinned: 0,
  muted: false, archived: false, joined: true, last: undefined, stale: false, typing: '', ...more,
});

test('pinned first, then the latest', () => {
  const list = [contact('a', { touched: 5 }), contact('b', { touched: 9 }), contact('c', { pinned: 1 }), contact('d', { pinned: 2 })];
  expect(sorted(list).map((c) => c.name)).toEqual(['d', 'c', 'b', 'a']);
});

test('searching in the list: beginnings of words, without accents', () => {
  const list = ['Zoë Müller', 'Book club', 'anna.berg'].map((title) => contact(title, { title }));
  const find = (q: string) => matching(list, q).map((c) => c.title);
  expect(find('zoe mul')).toEqual(['Zoë Müller']);
  expect(find('berg')).toEqual(['anna.berg']);
  expect(find('lub')).toEqual(['Book club']);
  expect(find('ub')).toEqual([]);
  expect(find('  ')).toHaveLength(3);
});

test('a row is drawn again only if something differs', () => {
  const last = { text: 'x', seq: 1, mine: false, status: 80, author: '' };
  expect(sameContact(contact('a', { last }), contact('a', { last: { ...last } }))).toBe(true);
  expect(sameContact(contact('a', { last }), contact('a', { last: { ...last, text: 'y' } }))).toBe(false);
  expect(sameContact(contact('a'), contact('a', { unread: 1 }))).toBe(false);
});

test.each([
  ['a text', 'hello\n  there ', 'hello there'],
  ['formatted', { txt: 'so bold', fmt: [{ at: 3, len: 4, tp: 'ST' }] }, 'so bold'],
  ['line breaks', { txt: 'a b', fmt: [{ at: 1, len: 1, tp: 'BR' }] }, 'a b'],
  ['an answer', { txt: 'Anna quoted yes', fmt: [{ at: 0, len: 12, tp: 'QQ' }] }, 'yes'],
  ['a picture', { txt: ' ', fmt: [{ at: 0, len: 1, key: 0 }], ent: [{ tp: 'IM', data: { mime: 'image/png' } }] }, 'Photo'],
  ['a picture with a text', { txt: ' look', fmt: [{ at: 0, len: 1, key: 0 }], ent: [{ tp: 'IM', data: {} }] }, 'look'],
  ['a file', { txt: '', fmt: [{ at: -1, len: 0, key: 0 }], ent: [{ tp: 'EX', data: { name: 'a.pdf' } }] }, 'File'],
  ['a call', { txt: ' ', fmt: [{ at: 0, len: 1, key: 0 }], ent: [{ tp: 'VC', data: {} }] }, 'Call'],
  ['nothing', null, ''],
  ['nonsense', { txt: 5, fmt: 'x' }, ''],
])('preview of %s', (_, content, want) => {
  expect(previewText({ content: content as never })).toBe(want);
});

test('what a message is about', () => {
  expect(kindOf({ ent: [{ tp: 'LN' }, { tp: 'VD' }] })).toBe('video');
  expect(kindOf({ ent: 'x' as never })).toBe('text');
});

test('queries: the word itself, a login, an alias', () => {
  expect(queryFor('@Anna')).toBe('anna,basic:anna,alias:anna');
  expect(queryFor('a@b.example')).toBe('a@b.example,a@b.example');
  expect(queryFor('email:a@b.example')).toBe('email:a@b.example,email:a@b.example');
  expect(queryFor('x " ')).toBe('');
});

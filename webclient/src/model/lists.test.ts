import { expect, test, vi } from 'vitest';

vi.stubGlobal('addEventListener', () => {});
const { matching, newestOf, sameContact, sorted } = await import('./contacts');
const { kindOf, previewText } = await import('./preview');
const { queryFor } = await import('./search');
type Contact = import('./contacts').Contact;
type Message = import('tinode-sdk').Message;

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
  const last = { text: 'x', seq: 1, ts: 5, mine: false, status: 80, author: '' };
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
  ['nonsense', { txt: 5, fmt: 'x' }, 'This message cannot be shown here.'],
  ['a card that is not known', { txt: 'the card', fmt: [{ len: 8, key: 0 }], ent: [{ tp: 'TC', data: {} }] }, 'the card'],
  ['what has nothing to read', { txt: ' ', fmt: [{ len: 1, key: 0 }], ent: [{ tp: 'CH', data: {} }] }, 'This message cannot be shown here.'],
])('preview of %s', (_, content, want) => {
  expect(previewText({ content: content as never })).toBe(want);
});

test('an edit of an older message does not make it the newest', () => {
  const at = (seq: number, content: string, more = {}) => ({ seq, content, from: 'usrA', ts: new Date(seq * 1000), ...more });
  const messages = [at(1, 'old'), at(2, 'new'), at(3, 'old, edited', { head: { replace: ':1' } })] as Message[];
  const topic = (list: Message[], versions: { [seq: number]: Message } = {}) =>
    ({ _messages: { getLast: (f: (m: Message) => boolean) => list.findLast(f) }, latestMessage: () => list.at(-1), latestMsgVersion: (seq: number) => versions[seq] ?? null }) as unknown as Parameters<typeof newestOf>[0];
  expect(newestOf(topic(messages, { 1: messages[2]! }))).toBe(messages[1]);
  const edit = at(4, 'new, edited', { head: { replace: ':2' } }) as Message;
  expect(newestOf(topic([...messages, edit], { 1: messages[2]!, 2: edit }))).toMatchObject({ content: 'new, edited', seq: 2, ts: new Date(2000) });
  expect(newestOf(topic([...messages, edit], { 2: { ...edit, from: 'usrEve' } }))?.content).toBe('new');
  expect(newestOf(topic([edit]))?.content).toBe('new, edited'); // nothing else is here
  expect(newestOf(topic([]))).toBeUndefined();
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

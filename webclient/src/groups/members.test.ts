import { expect, it } from 'vitest';
import { AccessMode, type Subscription } from 'tinode-sdk';
import { banned, inside, requests, searchMembers, sortMembers, toMember, type Member } from './members';

const member = (fn: string, want: string, given: string, online = false): Member =>
  toMember({ public: { fn }, acs: new AccessMode({ want, given }), online } as Subscription, `usr${fn}`, (p) => p) as Member;

const all = () =>
  sortMembers([
    member('Zoë', 'JRWPS', 'JRWPS'),
    member('Ann Lee', 'JRWPS', 'JRWPS'),
    member('Max', 'JRWPS', 'JRWPS', true),
    member('Bob', 'JRWPASDO', 'JRWPASDO'),
    member('Ada', 'JRWPASD', 'JRWPASD'),
    member('Wait', 'JRWPS', 'J'),
    member('Bad', 'JRWPS', 'N'),
  ]);

it('owner, administrators, who is online, then by name', () => {
  expect(inside(all()).map((m) => m.name)).toEqual(['Bob', 'Ada', 'Max', 'Ann Lee', 'Zoë']);
  expect(requests(all()).map((m) => m.name)).toEqual(['Wait']);
  expect(banned(all()).map((m) => m.name)).toEqual(['Bad']);
});

it('numbers in names by what they are', () => {
  const list = ['Guest 19', 'Guest 4', 'Guest 14', 'Guest'].map((n) => member(n, 'JRWPS', 'JRWPS'));
  expect(sortMembers(list).map((m) => m.name)).toEqual(['Guest', 'Guest 4', 'Guest 14', 'Guest 19']);
});

it('finds by beginnings of words, without accents', () => {
  expect(searchMembers(all(), 'zoe').map((m) => m.name)).toEqual(['Zoë']);
  expect(searchMembers(all(), 'LE an').map((m) => m.name)).toEqual(['Ann Lee']);
  expect(searchMembers(all(), 'ee')).toEqual([]);
  expect(searchMembers(all(), ' ')).toHaveLength(7);
});

it('leaves out who has left, and names those without a card', () => {
  expect(toMember({ acs: new AccessMode({ want: 'N', given: 'N' }) } as Subscription, 'usr1', (p) => p)).toBeUndefined();
  expect(toMember({} as Subscription, 'usr1', (p) => p)?.name).toBe('Unknown');
});

it('takes 10,000 in a moment', () => {
  const many = Array.from({ length: 10_000 }, (_, i) => member(`Name ${(i * 7919) % 10_000}`, 'JRWPS', 'JRWPS', i % 10 === 0));
  const start = performance.now();
  sortMembers(many);
  expect(searchMembers(many, 'name 77')).not.toHaveLength(0);
  expect(performance.now() - start).toBeLessThan(5_000); // 50 ms on a machine of its own; quadratic work takes minutes
});

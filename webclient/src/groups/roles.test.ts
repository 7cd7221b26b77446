import { describe, expect, it } from 'vitest';
import { AccessMode } from 'tinode-sdk';
import { accessFor, offered, policyOf, roleOf, taken, withLetters } from './roles';

const acs = (want: string, given: string) => new AccessMode({ want, given });

describe('roleOf', () => {
  const rows: [string, string, string | undefined][] = [
    ['JRWPASDO', 'JRWPASDO', 'owner'],
    ['JRWPASD', 'JRWPASD', 'admin'],
    ['JRWPS', 'JRWPASD', 'member'], // was made an administrator, and has not taken it
    ['JRWPS', 'JRWPASDO', 'member'],
    ['JRWPS', 'JRWPS', 'member'],
    ['JRWPS', 'JRPS', 'reader'],
    ['JRWPS', 'J', 'waiting'],
    ['JRWPS', 'N', 'banned'],
    ['N', 'JRWPS', 'away'],
    ['N', 'N', undefined],
  ];
  it.each(rows)('want %s, given %s: %s', (want, given, role) => expect(roleOf(acs(want, given))).toBe(role));
  it('knows nothing of those whose access is not shown', () => expect(roleOf(undefined)).toBe('member'));
});

it('offered is what was given and not taken', () => {
  expect(offered(acs('JRWPS', 'JRWPASDO'))).toBe('owner');
  expect(offered(acs('JRWPS', 'JRWPASD'))).toBe('admin');
  expect(offered(acs('JRWPASDO', 'JRWPASDO'))).toBe('');
  expect(offered(acs('JRWPS', 'JRWPS'))).toBe('');
  expect(offered(acs('JRWPS', 'N'))).toBe('');
});

it('taken leaves alone what a member decides himself', () => {
  expect(taken(acs('JRW', 'JRWPASD'))).toBe('JRWSD');
  expect(taken(acs('JRWPS', 'JRWPS'))).toBe('JRWPS');
});

it('withLetters keeps the order of the letters', () => {
  expect(withLetters('JRPS', 'W', true)).toBe('JRWPS');
  expect(withLetters('JRWPS', 'W', false)).toBe('JRPS');
  expect(withLetters('N', 'JR', true)).toBe('JR');
  expect(withLetters('J', 'J', false)).toBe('N');
});

it('policies are what their default access says', () => {
  for (const policy of ['open', 'read', 'ask', 'closed'] as const) {
    expect(policyOf(accessFor(policy, true))).toBe(policy);
    expect(policyOf(accessFor(policy, false))).toBe(policy);
  }
  expect(accessFor('open', true)).toBe('JRWPS');
  expect(accessFor('ask', true)).toBe('J');
  expect(policyOf(undefined)).toBe('closed');
});

import type { AccessMode } from 'tinode-sdk';

// What the letters of an access mode mean to people: docs/protocol/topics.md,
// "Access modes".

export type Role = 'owner' | 'admin' | 'member' | 'reader' | 'waiting' | 'banned' | 'away';

// roleOf tells what somebody is in a group. waiting: he asked to join, and may
// not read yet. away: he does not want to be here. undefined: he has left.
export function roleOf(acs: AccessMode | undefined): Role | undefined {
  if (!acs) return 'member'; // what others may is not shown to everybody
  if (!acs.getGiven() && !acs.getWant()) return acs.isOwner() ? 'owner' : acs.isAdmin() ? 'admin' : 'member';
  if (isNone(acs.getGiven()) && isNone(acs.getWant())) return undefined;
  if (!acs.isJoiner('given')) return 'banned';
  if (!acs.isJoiner('want')) return 'away';
  if (acs.isOwner()) return 'owner';
  if (!acs.isReader('given')) return 'waiting';
  if (acs.isApprover()) return 'admin';
  return acs.isWriter('given') ? 'member' : 'reader';
}

const isNone = (mode: string | null) => !mode || mode === 'N';

// granted is what a role is given.
export const granted = { owner: 'JRWPASDO', admin: 'JRWPASD', member: 'JRWPS', reader: 'JRPS', banned: 'N' } as const;

// offered is what a member was given and has not taken yet: the group itself, or
// to be one of its administrators.
export type Offer = '' | 'owner' | 'admin';
export function offered(acs: AccessMode | undefined): Offer {
  if (!acs || !acs.isJoiner()) return '';
  if (acs.isOwner('given') && !acs.isOwner('want')) return 'owner';
  return acs.isApprover('given') && !acs.isApprover('want') ? 'admin' : '';
}

// taken is the mode to want so as to have what was given without a question:
// what concerns the members' own doings. The rest is his to accept, and whether
// he wants to be told of news (P) is not touched.
export function taken(acs: AccessMode): string {
  const given = acs.getGiven() ?? '';
  return withLetters(acs.getWant(), [...'RWSD'].filter((l) => given.includes(l)).join(''), true);
}

const order = 'JRWPASDO';

// withLetters adds letters to a mode, or takes them away.
export function withLetters(mode: string | null, letters: string, on: boolean): string {
  const set = new Set((mode ?? '').replace('N', ''));
  for (const l of letters) on ? set.add(l) : set.delete(l);
  return [...order].filter((l) => set.has(l)).join('') || 'N';
}

// Policy is who may join a group by himself, and as what.
export type Policy = 'open' | 'read' | 'ask' | 'closed';

export function policyOf(auth: string | undefined): Policy {
  const has = (l: string) => !!auth && !auth.startsWith('N') && auth.includes(l);
  if (!has('J')) return 'closed';
  if (!has('R')) return 'ask';
  return has('W') ? 'open' : 'read';
}

// accessFor is the default access that makes a policy. share: new members may
// invite others.
export function accessFor(policy: Policy, share: boolean): string {
  const mode = { open: 'JRWP', read: 'JRP', ask: 'J', closed: 'N' }[policy];
  return share && (policy === 'open' || policy === 'read') ? `${mode}S` : mode;
}

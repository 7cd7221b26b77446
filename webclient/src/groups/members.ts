import type { AccessMode, Subscription, Topic } from 'tinode-sdk';
import { t } from '../i18n';
import { nameOf, photoOf } from '../model/card';
import { sdk } from '../model/session';
import { offered, type Offer, roleOf, type Role } from './roles';

// Member is one line of the list of members.
export interface Member {
  uid: string;
  name: string;
  photo: string | undefined;
  role: Role;
  offered: Offer; // what he was given and has not taken
  online: boolean;
  known: boolean; // whether his access is shown to us
  key: string; // to search: the name, plain
  order: string; // to sort: the same, with numbers of one length
}

const ranks: { [role in Role]: number } = { owner: 0, admin: 1, member: 2, reader: 2, waiting: 3, away: 4, banned: 5 };
// So that 4 comes before 14.
const orderly = (s: string) => s.replace(/\d+/g, (n) => n.padStart(12, '0'));
const plain = (s: string) => s.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();

// membersOf lists all whom the server has told of, also those who wait or are
// banned: the owner first, administrators, then others, those online before.
export function membersOf(topic: Topic): Member[] {
  const list: Member[] = [];
  const address = (path: string) => sdk().authorizeURL(path);
  topic.subscribers((sub, uid) => {
    const one = toMember(sub, uid, address);
    if (one) list.push(one);
  });
  return sortMembers(list);
}

export function toMember(sub: Subscription, uid: string, address: (path: string) => string): Member | undefined {
  const acs = sub.acs as AccessMode | undefined;
  const role = roleOf(acs);
  if (!role) return undefined;
  const name = nameOf(sub.public) || t('common.nobody');
  const key = plain(name);
  return { uid, name, photo: photoOf(sub.public, address), role, offered: offered(acs), online: !!sub.online, known: !!acs?.getGiven?.(), key, order: orderly(key) };
}

// Not by the language's own order: that takes a tenth of a second for 10,000.
export function sortMembers(list: Member[]): Member[] {
  return list.sort((a, b) => ranks[a.role] - ranks[b.role] || Number(b.online) - Number(a.online) || (a.order < b.order ? -1 : a.order > b.order ? 1 : a.uid < b.uid ? -1 : 1));
}

// searchMembers finds those with words that begin as the ones looked for.
export function searchMembers(list: Member[], query: string): Member[] {
  const wanted = plain(query).split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return list;
  return list.filter((m) => {
    const words = m.key.split(/[\s_.@-]+/);
    return wanted.every((w) => words.some((x) => x.startsWith(w)));
  });
}

// inside are those who take part; requests those who ask to.
export const inside = (list: Member[]): Member[] => list.filter((m) => m.role !== 'waiting' && m.role !== 'banned' && m.role !== 'away');
export const requests = (list: Member[]): Member[] => list.filter((m) => m.role === 'waiting');
export const banned = (list: Member[]): Member[] => list.filter((m) => m.role === 'banned');

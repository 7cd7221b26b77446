import { Tinode } from 'tinode-sdk';
import { plainName } from '../drafty/text';

// Tags as people write them: docs/protocol/search.md#tags. Some belong to the
// server (logins, confirmed addresses): they are sent back as they are. An alias
// is a tag of its own, which nobody else can have.

const ours = ['basic', 'email', 'tel', 'rest', 'oidc', 'wechat'];
const kind = (tag: string) => (tag.includes(':') ? tag.slice(0, tag.indexOf(':')) : '');

export const aliasOf = (tags: string[]): string => plainName(tags.find((tag) => kind(tag) === 'alias')?.slice(6));

// freeTags are those that the user may change, but for the alias.
export const freeTags = (tags: string[]): string[] => tags.filter((tag) => !ours.includes(kind(tag)) && kind(tag) !== 'alias').map(plainName);

// readTags makes a list of what was typed.
export function readTags(text: string): string[] {
  const list = text
    .split(/[\s,;]+/)
    .map((tag) => plainName(tag).replace(/^#/, '').toLowerCase())
    .filter((tag) => [...tag].length >= 2 && [...tag].length <= 96 && /^[\p{L}\p{N}]/u.test(tag));
  return [...new Set(list)];
}

// withTags is the whole list to send: what belongs to the server, the alias, and
// the user's own.
export function withTags(before: string[], alias: string, free: string[]): string[] {
  const kept = before.filter((tag) => ours.includes(kind(tag)));
  const all = [...kept, ...(alias ? [`alias:${alias.toLowerCase()}`] : []), ...free.filter((tag) => !ours.includes(kind(tag)))];
  return all.length > 0 ? all : [Tinode.DEL_CHAR];
}

// badAlias tells whether a text cannot be one: 4 to 24 letters and digits.
export const badAlias = (alias: string): boolean => alias !== '' && !/^[a-z0-9][a-z0-9_-]{3,23}$/i.test(alias);

export const sameTags = (a: string[], b: string[]): boolean => [...a].sort().join() === [...b].sort().join();

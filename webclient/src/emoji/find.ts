import { groups } from './data';

export type Group = keyof typeof groups;
export interface Emoji {
  text: string;
  name: string; // English, with more words to find it by
}

const lists = new Map<Group, Emoji[]>();
export const groupNames = Object.keys(groups) as Group[];

export function listOf(group: Group): Emoji[] {
  let list = lists.get(group);
  if (!list) {
    list = groups[group].split('|').map((line) => {
      const at = line.indexOf(' ');
      return { text: line.slice(0, at), name: line.slice(at + 1) };
    });
    lists.set(group, list);
  }
  return list;
}

/** Emoji all of whose wanted words begin one of theirs, best first, at most `most`. */
export function find(query: string, most = 80): Emoji[] {
  const wanted = query.toLowerCase().split(/[\s_:]+/).filter(Boolean);
  if (!wanted.length) return [];
  const found: { e: Emoji; rank: number }[] = [];
  for (const group of groupNames) {
    for (const e of listOf(group)) {
      const words = e.name.split(/[\s-]+/);
      if (!wanted.every((w) => words.some((x) => x.startsWith(w)))) continue;
      const first = words.indexOf(wanted[0]!);
      found.push({ e, rank: first === 0 ? 0 : first > 0 ? 1 : words[0]!.startsWith(wanted[0]!) ? 2 : 3 });
    }
  }
  return found.sort((a, b) => a.rank - b.rank).slice(0, most).map((f) => f.e);
}

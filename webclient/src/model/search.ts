import { Tinode, type Card, type Subscription } from 'tinode-sdk';
import { nameOf, photoOf } from './card';
import { ask, sdk } from './session';

// Searching for people and groups: docs/protocol/search.md.

export interface Found {
  name: string; // of the topic to open
  title: string;
  photo: string | undefined;
  kind: 'user' | 'group' | 'channel';
  members: number;
  tags: string[]; // by which it was found
  card: Card | null;
}

// queryFor makes of what somebody types a query: each word as it is, or as a
// login name, an alias, or any of the usual kinds of tag. Addresses are
// recognised by the server.
export function queryFor(text: string): string {
  const words = text
    .replace(/["]/g, ' ')
    .split(/[\s,]+/)
    .map((w) => w.replace(/^@/, '').toLowerCase())
    .filter((w) => [...w].length >= 2)
    .slice(0, 4);
  const terms = new Set<string>();
  for (const w of words) {
    terms.add(w);
    if (!w.includes(':') && !w.includes('@')) terms.add(`basic:${w}`).add(`alias:${w}`);
  }
  const list = [...terms];
  // A single term between two commas is one of which at least one must match.
  return list.length === 1 ? `${list[0]},${list[0]}` : list.join(',');
}

// find asks the server. An empty query clears what was looked for before.
export async function find(text: string): Promise<Found[]> {
  const fnd = sdk().getFndTopic();
  if (!fnd.isSubscribed()) await fnd.subscribe();
  const query = queryFor(text);
  await ask(() => fnd.setMeta({ desc: { public: query || Tinode.DEL_CHAR } }));
  if (!query) return [];
  await fnd.getMeta(fnd.startMetaQuery().withSub().build());
  const found: Found[] = [];
  fnd.contacts((sub) => {
    const one = toFound(sub);
    if (one) found.push(one);
  });
  return found;
}

function toFound(sub: Subscription): Found | undefined {
  const name = sub.topic ?? sub.user;
  if (!name) return undefined;
  return {
    name,
    title: nameOf(sub.public) || name,
    photo: photoOf(sub.public, (path) => sdk().authorizeURL(path)),
    kind: name.startsWith('chn') ? 'channel' : name.startsWith('grp') ? 'group' : 'user',
    members: sub.subcnt ?? 0,
    card: sub.public ?? null,
    tags: Array.isArray(sub.private) ? sub.private.filter((t) => typeof t === 'string') : [],
  };
}

// seed shows what a search has found until the conversation is there.
export function seed(f: Found): void {
  const topic = sdk().getTopic(f.name);
  topic.public ??= f.card;
}

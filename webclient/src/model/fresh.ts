import type { Tinode } from 'tinode-sdk';

// The SDK merges what comes into what it has: a picture or a description that
// somebody has removed would stay. The server sends cards whole, so the old one
// is forgotten before a new one is taken in.

interface Entry {
  topic?: string;
  user?: string;
  public?: unknown;
}
interface Packet {
  meta?: { topic?: string; desc?: Entry; sub?: Entry[] };
}
interface Cached {
  public: unknown;
  _users?: { [uid: string]: { public?: unknown } };
  _cachePutUser?: (uid: string, user: object) => void;
}

export function forgetOldCards(s: Tinode): void {
  (s as unknown as { onMessage?: (packet: Packet) => void }).onMessage = ({ meta }) => {
    if (!meta?.topic) return;
    const topic = s.cacheGetTopic(meta.topic) as unknown as Cached | undefined;
    if (!topic) return;
    if (meta.desc?.public && meta.topic !== 'fnd') topic.public = null;
    for (const entry of Array.isArray(meta.sub) ? meta.sub : []) {
      if (!entry.public) continue;
      const name = entry.topic ?? entry.user ?? '';
      const other = meta.topic === 'me' ? (s.cacheGetTopic(name) as unknown as Cached | undefined) : topic._users?.[name];
      if (other) other.public = null;
      if (name.startsWith('usr')) topic._cachePutUser?.(name, {});
    }
  };
}

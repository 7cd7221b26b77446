import { codeOf } from '../model/problem';
import type { Wire } from './wire';

// Everything of a user that the protocol gives, as parts of one JSON text.

const page = 100; // messages, the most that the server sends (docs/protocol.md#get-data)

export interface Progress {
  chat: number;
  chats: number;
  messages: number;
}
type Packet = { [field: string]: unknown };

// collect goes through all that there is. The parts together are the file; with
// stopped it ends with an error.
export async function collect(wire: Wire, user: string, tell: (p: Progress) => void, stopped: () => boolean): Promise<string[]> {
  const guard = () => {
    if (stopped()) throw new Error('stopped');
  };
  await wire.ask('sub', { topic: 'me' });
  const profile: Packet = { user };
  for (const what of ['desc', 'tags', 'cred', 'sessions']) profile[what] = await part(wire, 'me', what);
  const list = await conversations(wire);
  const progress: Progress = { chat: 0, chats: list.length, messages: 0 };
  const parts = [`{"exported":${JSON.stringify(new Date().toISOString())},\n"profile":${JSON.stringify(profile)},\n"conversations":[`];
  for (const [i, entry] of list.entries()) {
    guard();
    progress.chat = i + 1;
    tell({ ...progress });
    const topic = String(entry.topic);
    const head: Packet = { ...entry };
    parts.push(i > 0 ? ',\n' : '\n');
    if (await attach(wire, topic)) {
      head.description = await part(wire, topic, 'desc');
      head.members = await part(wire, topic, 'sub');
      head.shared = await part(wire, topic, 'aux');
      parts.push(JSON.stringify(head).slice(0, -1), ',"messages":[');
      let first = true;
      for await (const messages of history(wire, topic)) {
        guard();
        parts.push((first ? '\n' : ',\n') + messages.map((m) => JSON.stringify(m)).join(',\n'));
        first = false;
        progress.messages += messages.length;
        tell({ ...progress });
      }
      parts.push(']}');
      await wire.ask('leave', { topic }).catch(() => {});
    } else {
      parts.push(JSON.stringify(head));
    }
  }
  parts.push(']}\n');
  return parts;
}

// part is one part of a topic, or null if there is none, or not for this user.
async function part(wire: Wire, topic: string, what: string): Promise<unknown> {
  try {
    const { meta } = await wire.ask('get', { topic, what });
    return meta?.[what] ?? null;
  } catch (e) {
    if (refused(e)) return null;
    throw e;
  }
}

// conversations are all of me, which come a page at a time, the changed first.
async function conversations(wire: Wire): Promise<Packet[]> {
  const all = new Map<string, Packet>();
  for (let since = ''; ; ) {
    const { meta } = await wire.ask('get', { topic: 'me', what: 'sub', sub: since ? { ims: since } : {} });
    const got = (meta?.sub as Packet[] | undefined) ?? [];
    let latest = since;
    let fresh = 0;
    for (const entry of got) {
      const name = String(entry.topic ?? '');
      if (!/^(usr|grp|chn|slf)/.test(name) || entry.deleted) continue;
      for (const time of [entry.updated, entry.touched]) if (typeof time === 'string' && time > latest) latest = time;
      if (!all.has(name) && entry.acs) {
        all.set(name, entry);
        fresh++;
      }
    }
    if (fresh === 0 || latest === since || got.length < 100) return [...all.values()];
    since = latest;
  }
}

async function attach(wire: Wire, topic: string): Promise<boolean> {
  try {
    await wire.ask('sub', { topic });
    return true;
  } catch (e) {
    if (refused(e)) return false; // banned, or gone meanwhile
    throw e;
  }
}

// history are the messages of a topic, the newest first, a page at a time.
async function* history(wire: Wire, topic: string): AsyncGenerator<Packet[]> {
  for (let before = 0; ; ) {
    let got: Packet[];
    try {
      const { data } = await wire.ask('get', { topic, what: 'data', data: before ? { before, limit: page } : { limit: page } });
      got = data.filter((m) => m.topic === topic && (!before || Number(m.seq) < before)).sort((a, b) => Number(b.seq) - Number(a.seq));
    } catch (e) {
      if (refused(e)) return;
      throw e;
    }
    if (got.length === 0) return;
    yield got;
    before = Number(got.at(-1)?.seq);
    if (!(before > 1)) return;
  }
}

// refused tells an answer of the server from a broken connection.
const refused = (e: unknown): boolean => {
  const code = codeOf(e);
  return code >= 400 && code < 500 && code !== 401 && code !== 499;
};

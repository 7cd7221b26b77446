import { type GetParams, Tinode } from 'tinode-sdk';
import { addressByCookie } from './fileCookie';

// What the SDK does not do as we need it.

export function mend(s: Tinode): void {
  forgetOldCards(s);
  leaveQuietly(s);
  answerInTurn(s);
  stayHere(s);
}

// stayHere: the page may load nothing from other hosts, so the server is asked
// for the bytes of files, not for where they are kept. The SDK would put the token
// into the address.
function stayHere(s: Tinode): void {
  const authorize = s.authorizeURL.bind(s);
  s.authorizeURL = (url) => {
    const here = `${url}${url.includes('?') ? '&' : '?'}redirect=0`;
    return addressByCookie(here, s.getAuthToken()?.token) ?? authorize(here);
  };
}

const topicsOf = (s: Tinode): unknown => Object.getPrototypeOf(Object.getPrototypeOf(s.getMeTopic()));

interface Leaving {
  _attached: boolean;
  _delayedLeaveTimer: ReturnType<typeof setTimeout> | null;
  leave(unsub: boolean): Promise<unknown>;
  leaveDelayed(unsub: boolean, ms: number): void;
}

// leaveQuietly: a topic may have been left otherwise before its time is up.
function leaveQuietly(s: Tinode): void {
  const topics = topicsOf(s) as Leaving;
  topics.leaveDelayed = function (this: Leaving, unsub, ms) {
    clearTimeout(this._delayedLeaveTimer ?? undefined);
    this._delayedLeaveTimer = setTimeout(() => {
      this._delayedLeaveTimer = null;
      if (this._attached) this.leave(unsub).catch(() => {});
    }, ms);
  };
}

// answerInTurn: the SDK keeps {data} for its next turn and answers a {get} at once. Whoever
// asked for messages would find none, now and then, and take it for the beginning.
function answerInTurn(s: Tinode): void {
  const topics = topicsOf(s) as { getMeta(params: GetParams): Promise<unknown>; name: string; _tinode: Tinode };
  topics.getMeta = async function (params) {
    const answer = await this._tinode.getMeta(this.name, params);
    await new Promise((resolve) => setTimeout(resolve)); // after those that the SDK has set for {data}
    return answer;
  };
}

// The SDK merges what comes into what it has: a picture or a description that
// somebody has removed would stay for ever. The server sends cards whole, so what
// is no longer in them is marked as removed before the SDK takes them in.

type Card = { [field: string]: unknown };
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
  _cacheGetUser?: (uid: string) => { public?: unknown } | undefined;
}

function forgetOldCards(s: Tinode): void {
  const cached = (name: string | undefined) => (name ? (s.cacheGetTopic(name) as unknown as Cached | undefined) : undefined);
  (s as unknown as { onMessage?: (packet: Packet) => void }).onMessage = ({ meta }) => {
    const topic = cached(meta?.topic);
    if (!meta || !topic || meta.topic === 'fnd') return;
    if (meta.desc?.public) markRemoved(topic.public, meta.desc.public);
    for (const entry of Array.isArray(meta.sub) ? meta.sub : []) {
      if (!entry.public) continue;
      const name = entry.user ?? entry.topic ?? '';
      markRemoved(meta.topic === 'me' ? cached(name)?.public : topic._users?.[name]?.public, entry.public);
      markRemoved(topic._cacheGetUser?.(name)?.public, entry.public);
    }
  };
}

// markRemoved gives to next a sign for whatever only old has.
export function markRemoved(old: unknown, next: unknown): void {
  if (!isCard(old) || !isCard(next)) return;
  for (const key of Object.keys(old)) {
    if (!(key in next)) next[key] = Tinode.DEL_CHAR;
    else markRemoved(old[key], next[key]);
  }
}

const isCard = (v: unknown): v is Card => typeof v === 'object' && v !== null && !Array.isArray(v);

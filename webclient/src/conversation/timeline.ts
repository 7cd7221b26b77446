// What is known of a conversation, and how it becomes the rows on the page. Knows
// neither the server nor the page.
//
// The messages that are here form islands: ranges of numbers of which everything is known
// (a gap inside of an island is a message that was deleted). The page shows one island
// and grows it at both ends.

import { Intervals, type Range } from './intervals';

export type Head = Record<string, unknown>;
/** A {data} (wire.md §3.2). */
export interface Data {
  seq: number;
  from?: string | undefined;
  ts: Date;
  head?: Head | undefined;
  content: unknown;
}

export type PendingState = 'queued' | 'uploading' | 'sending' | 'failed';
/** A message that the server does not have yet. `uid` is head.uid (protocol.md, publish once). */
export interface Pending {
  uid: string;
  ts: Date;
  head: Head;
  content: unknown;
  state: PendingState;
  /** What the server said, if it refused. */
  error?: string | undefined;
}

/** A message as it is shown: of an edited one the last version, at the place of the first. */
export interface Message {
  key: string;
  seq: number; // 0: pending
  uid?: string | undefined;
  from?: string | undefined;
  ts: Date;
  day: number; // of the calendar, in local time
  head: Head;
  content: unknown;
  edited: boolean;
  pending?: Pending | undefined;
}

export type Row =
  | { kind: 'day'; key: string; day: Date }
  | { kind: 'unread'; key: string }
  | { kind: 'deleted'; key: string; low: number }
  | { kind: 'more'; key: string; at: 'top' | 'bottom' }
  | { kind: 'message'; key: string; message: Message; first: boolean; last: boolean };

// Messages of one sender within this time form a group.
const groupMillis = 5 * 60_000;

export class Timeline {
  /** Ranges of which everything is known. */
  readonly known = new Intervals();
  /** Deleted for everybody while we looked on. */
  private readonly erased = new Intervals();
  private readonly data = new Map<number, Data>();
  private order: number[] = []; // seqs of messages with a place of their own, ascending
  private readonly versions = new Map<number, Data[]>(); // of an original, ascending
  private readonly pending = new Map<string, Pending>();
  private readonly shown = new Map<number, Message>();
  private readonly keys = new Map<number, string>(); // of those that we sent: the DOM stays
  private rowCache = new Map<string, Row>();
  /** The highest number that exists, as far as is known. */
  last = 0;
  /** The first message that was unread when the conversation was opened; 0: none. */
  unreadFrom = 0;

  constructor(readonly me: string) {}

  /** Takes messages in any order; those known already are replaced. */
  put(list: readonly Data[]): void {
    let sort = false;
    for (const d of list) {
      if (!(d.seq > 0)) continue;
      this.last = Math.max(this.last, d.seq);
      const target = replaces(d);
      if (target) {
        this.putVersion(target, d);
        this.data.set(d.seq, d);
        continue;
      }
      const uid = d.head?.uid;
      if (typeof uid === 'string' && d.from === this.me) {
        this.pending.delete(uid);
        this.keys.set(d.seq, 'u' + uid);
      }
      if (!this.data.has(d.seq)) {
        sort ||= this.order.length > 0 && d.seq < this.order.at(-1)!;
        this.order.push(d.seq);
      }
      this.data.set(d.seq, d);
      this.shown.delete(d.seq);
    }
    if (sort) this.order.sort((a, b) => a - b);
  }

  private putVersion(target: number, d: Data): void {
    const list = (this.versions.get(target) ?? []).filter((v) => v.seq !== d.seq);
    list.push(d);
    this.versions.set(target, list.sort((a, b) => a.seq - b.seq));
    this.shown.delete(target);
    const uid = d.head?.uid;
    if (typeof uid === 'string') this.pending.delete(uid);
  }

  /** A live message: all below it that was known stays one island with it. */
  putLive(d: Data): void {
    const before = this.last;
    this.put([d]);
    if (d.seq === before + 1 || before === 0 || this.known.around(d.seq - 1)) this.known.add(d.seq, d.seq + 1);
  }

  /** Everything in [low, hi) has been asked for and put. */
  markKnown(low: number, hi: number): void {
    this.known.add(Math.max(low, 1), hi);
    this.last = Math.max(this.last, hi - 1);
  }

  /** Removes messages; `erased`: for everybody, which leaves a note at their place. */
  remove(ranges: readonly { low: number; hi?: number | undefined }[], erased: boolean): void {
    const gone = new Intervals();
    for (const r of ranges) gone.add(r.low, r.hi || r.low + 1);
    for (const seq of [...this.data.keys()]) {
      if (!gone.has(seq)) continue;
      const target = replaces(this.data.get(seq)!);
      if (target) {
        this.versions.set(target, (this.versions.get(target) ?? []).filter((v) => v.seq !== seq));
        this.shown.delete(target);
      } else if (erased) this.erased.add(seq, seq + 1);
      this.data.delete(seq);
      this.shown.delete(seq);
      this.versions.delete(seq);
    }
    this.order = this.order.filter((seq) => this.data.has(seq));
  }

  /** Numbers of a message and of all its versions, for deleting. */
  withVersions(seq: number): number[] {
    return [seq, ...(this.versions.get(seq) ?? []).map((v) => v.seq)];
  }

  setPending(p: Pending): void {
    this.pending.set(p.uid, p);
    this.shown.delete(replaces(p));
  }

  dropPending(uid: string): void {
    const p = this.pending.get(uid);
    this.pending.delete(uid);
    if (p) this.shown.delete(replaces(p));
  }

  /** A message of ours as it is shown, by number; undefined: not here. */
  message(seq: number): Message | undefined {
    const cached = this.shown.get(seq);
    if (cached) return cached;
    const d = this.data.get(seq);
    if (!d || replaces(d)) return undefined;
    const latest = (this.versions.get(seq) ?? []).filter((v) => v.from === d.from && v.seq > seq).at(-1);
    const uid = typeof d.head?.uid === 'string' ? d.head.uid : undefined;
    const call = d.head?.webrtc !== undefined;
    const edit = this.pending.size ? [...this.pending.values()].findLast((p) => replaces(p) === seq) : undefined;
    const made: Message = {
      key: this.keys.get(seq) ?? 'm' + seq,
      seq,
      uid,
      from: d.from,
      ts: d.ts,
      day: dayOf(d.ts),
      head: latest ? { ...d.head, ...latest.head, uid: d.head?.uid } : (d.head ?? {}),
      content: edit ? edit.content : latest ? latest.content : d.content,
      edited: (!!latest && !call) || !!edit,
      pending: edit,
    };
    this.shown.set(seq, made);
    return made;
  }

  /** The lowest number that is here, within the island around seq. */
  island(seq: number): Range | undefined {
    return this.known.around(seq);
  }

  /** Whether the island around seq holds the newest message. */
  atNewest(seq: number): boolean {
    return this.last === 0 || this.known.around(seq) === this.known.around(this.last);
  }

  /** The last message of ours that may be edited: with text, not forwarded, not a call. */
  lastOwn(): Message | undefined {
    for (let i = this.order.length - 1; i >= 0; i--) {
      const m = this.message(this.order[i]!);
      if (m?.from === this.me && !m.head.webrtc && !m.head.forwarded) return m;
    }
    return undefined;
  }

  /** How many messages of others are above seq. */
  countAfter(seq: number): number {
    let n = 0;
    for (let i = this.order.length - 1; i >= 0 && this.order[i]! > seq; i--) if (this.data.get(this.order[i]!)?.from !== this.me) n++;
    return n;
  }

  /** Rows of the island around `anchor`, oldest first; pending messages at the end of the newest. Unchanged rows are the same objects. */
  rows(anchor: number): Row[] {
    const island = this.known.around(anchor) ?? (this.last ? { low: anchor, hi: anchor } : { low: 1, hi: 1 });
    const rows: Row[] = [];
    const cache = new Map<string, Row>();
    const emit = (row: Row) => {
      const old = this.rowCache.get(row.key);
      const kept = old && same(old, row) ? old : row;
      cache.set(row.key, kept);
      rows.push(kept);
    };
    if (island.low > 1 && this.last) emit({ kind: 'more', key: 'top', at: 'top' });
    const list = this.places(island);
    const newest = this.atNewest(anchor);
    if (newest) for (const p of this.pending.values()) if (!p.head.replace) list.push(pendingMessage(p, this.me));
    let day = 0;
    let unread = false;
    for (let i = 0; i < list.length; i++) {
      const item = list[i]!;
      if ('low' in item) {
        emit({ kind: 'deleted', key: 'x' + item.low, low: item.low });
        continue;
      }
      const itsDay = item.day;
      const newDay = itsDay !== day;
      if (newDay) emit({ kind: 'day', key: 'd' + itsDay, day: startOfDay(item.ts) });
      day = itsDay;
      const line = !unread && this.unreadFrom > 0 && item.seq >= this.unreadFrom;
      if (line) {
        emit({ kind: 'unread', key: 'unread' });
        unread = true;
      }
      const before = list[i - 1];
      const after = list[i + 1];
      const nextLine = this.unreadFrom > 0 && !unread && after && !('low' in after) && after.seq >= this.unreadFrom;
      const first = newDay || line || !grouped(before, item);
      const last = !!nextLine || !grouped(item, after) || (after as Message).day !== itsDay;
      const old = this.rowCache.get(item.key);
      const row: Row = old?.kind === 'message' && old.first === first && old.last === last && sameMessage(old.message, item) ? old : { kind: 'message', key: item.key, message: item, first, last };
      cache.set(row.key, row);
      rows.push(row);
    }
    if (!newest) emit({ kind: 'more', key: 'bottom', at: 'bottom' });
    this.rowCache = cache;
    return rows;
  }

  // places: the messages and the notes of erased ones of an island, in order.
  private places(island: Range): (Message | { low: number })[] {
    const out: (Message | { low: number })[] = [];
    const erased = this.erased.ranges.filter((r) => r.low >= island.low && r.low < island.hi);
    let e = 0;
    for (let i = lowerBound(this.order, island.low); i < this.order.length && this.order[i]! < island.hi; i++) {
      const seq = this.order[i]!;
      while (e < erased.length && erased[e]!.low < seq) out.push({ low: erased[e++]!.low });
      const m = this.message(seq);
      if (m) out.push(m);
    }
    while (e < erased.length) out.push({ low: erased[e++]!.low });
    return out;
  }
}

/** The number that a message replaces; 0: it is one of its own. */
export function replaces(d: { seq?: number; head?: Head | undefined }): number {
  const replace = d.head?.replace;
  if (typeof replace !== 'string') return 0;
  const seq = Number(replace.replace(/^.*:/, ''));
  return Number.isSafeInteger(seq) && seq > 0 && (!d.seq || seq < d.seq) ? seq : 0;
}

function pendingMessage(p: Pending, me: string): Message {
  return { key: 'u' + p.uid, seq: 0, uid: p.uid, from: me, ts: p.ts, day: dayOf(p.ts), head: p.head, content: p.content, edited: false, pending: p };
}

function grouped(a: Message | { low: number } | undefined, b: Message | { low: number } | undefined): boolean {
  if (!a || !b || 'low' in a || 'low' in b) return false;
  return a.from === b.from && !a.head.webrtc && !b.head.webrtc && b.ts.getTime() - a.ts.getTime() < groupMillis;
}

function same(a: Row, b: Row): boolean {
  return a.kind === b.kind;
}
const sameMessage = (m: Message, n: Message): boolean => m === n || (m.seq === 0 && m.pending === n.pending);

const dayOf = (ts: Date): number => ts.getFullYear() * 400 + ts.getMonth() * 32 + ts.getDate();

function startOfDay(ts: Date): Date {
  return new Date(ts.getFullYear(), ts.getMonth(), ts.getDate());
}

function lowerBound(list: number[], n: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]! < n) low = middle + 1;
    else high = middle;
  }
  return low;
}

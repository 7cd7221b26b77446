// One conversation that is open: what it shows, and what can be done in it. The page
// knows the server through this alone.

import { batch, computed, effect, signal } from '@preact/signals';
import type { Info, Message as WireMessage, Topic } from 'tinode-sdk';
import { type Content, forwarded, fromTree, type Mentions, partsOf, previewText, quote, toMarkdown } from '../drafty';
import type { Prepared } from '../files/prepare';
import { t } from '../i18n';
import { justJoined, tellRead } from '../model/chats';
import { authorName, profile, refresh, titleOf } from '../model/contacts';
import { codeOf } from '../model/problem';
import { myID, online, sdk } from '../model/session';
import { listen, send } from './outbox';
import { type Data, type Message, replaces, type Row, Timeline } from './timeline';

export interface Typing {
  user: string;
  what: 'kp' | 'kpa' | 'kpv';
}

const page = 50; // messages that are asked for at first
const most = 100; // and when one goes back: what the server gives at most
const typingFor = 5_000; // ms that a note about typing is good for
const typingEvery = 3_000; // ms between ours
const maxPins = 5; // by agreement among clients (wire.md §7.6)

/** Names of what has no text, for quotes and previews. */
export const labels = () => ({
  image: t('preview.image'),
  audio: t('preview.audio'),
  video: t('preview.video'),
  file: t('preview.file'),
  call: t('preview.call'),
  card: t('preview.file'),
});

export class Conversation {
  readonly topic: Topic;
  readonly timeline: Timeline;
  readonly rows = signal<Row[]>([]);
  readonly ready = signal(false); // there is something to show, or nothing to come
  readonly missing = signal(false); // no such conversation, or not for us
  readonly newest = signal(true); // what is shown includes the newest message
  readonly last = signal(0); // the highest number
  readonly read = signal(0); // by any other
  readonly received = signal(0);
  readonly typing = signal<Typing[]>([]);
  readonly pins = signal<number[]>([]);
  /** Whether the place where one begins to read has been found: until then nothing counts as seen. */
  readonly settled = signal(false);
  /** Counts changes of names, pictures, modes. */
  readonly changes = signal(0);
  /** Counts changes of names and pictures alone, which every message shows. */
  readonly people = signal(0);
  /** The message that is to come into sight: set by jumps, taken by the list. */
  readonly goal = signal<{ key: string; flash: boolean } | null>(null);

  private anchor = 0;
  private loading = new Set<string>();
  private collecting: Data[] | undefined; // messages of a page that is being loaded
  private drawn = false;
  private closed = false;
  private typedAt = 0;
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly stops: (() => void)[] = [];

  readonly title = computed(() => (this.changes.value, titleOf(this.topic)));
  readonly canWrite = computed(() => (this.changes.value, !this.topic.acs || this.topic.acs.getMode() === '' || this.topic.acs.isWriter()));
  readonly canErase = computed(() => (this.changes.value, !!this.topic.acs?.isDeleter()));
  readonly canPin = computed(() => (this.changes.value, !!this.topic.acs && (this.topic.acs.isAdmin() || this.topic.acs.isOwner())));

  constructor(readonly name: string) {
    this.topic = sdk().getTopic(name);
    this.timeline = new Timeline(myID.peek());
  }

  /** open shows what is here and asks for the rest; again after each break. */
  open(): void {
    const { topic } = this;
    topic.onData = (d) => d && this.arrived(d);
    topic.onInfo = (info) => this.informed(info);
    topic.onMetaDesc = topic.onSubsUpdated = () => {
      this.people.value++;
      this.marks();
      refresh(topic.name);
    };
    topic.onAuxUpdated = () => this.readPins();
    topic.onMeta = (meta) => {
      const del = (meta as { del?: { delseq?: { low: number; hi?: number }[] } }).del;
      if (del?.delseq) this.removed(del.delseq, false);
    };
    topic.onPres = (pres) => {
      const { delseq } = pres as unknown as { delseq?: { low: number; hi?: number }[] };
      if (pres.what === 'del' && delseq) this.removed(delseq, pres.src !== undefined && pres.src !== myID.peek());
      if (pres.what === 'aux') void this.fetchPins();
      this.changes.value++;
    };
    this.seed();
    this.marks();
    this.readPins();
    this.stops.push(
      listen(this.name, {
        pending: (p) => {
          this.timeline.setPending(p);
          this.draw();
        },
        sent: (d) => {
          this.live(d);
          this.draw();
        },
        dropped: (uid) => {
          this.timeline.dropPending(uid);
          this.draw();
        },
      }),
      effect(() => {
        if (online.value) void this.attach();
      }),
    );
    const { timeline } = this;
    timeline.last = Math.max(timeline.last, topic.seq ?? 0);
    this.anchor = timeline.last;
    this.joinedNow = justJoined(this.name);
    timeline.unreadFrom = this.firstUnread();
    if (timeline.known.has(this.anchor)) this.ready.value = true;
    if (!timeline.unreadFrom || timeline.known.has(timeline.unreadFrom)) this.settled.value = true;
    if (timeline.unreadFrom && this.settled.peek()) void this.jump(timeline.unreadFrom, false);
    this.draw();
  }

  // firstUnread: where the line is drawn and reading begins. To who has just joined by himself
  // everything is new and nothing was sent: he begins at the end, as in one with nothing unread (0).
  private firstUnread(): number {
    const { topic } = this;
    const read = topic.read ?? 0;
    return (topic.seq ?? 0) > read && !topic.isSelfType() && !(this.joinedNow && read === 0) ? read + 1 : 0;
  }
  private joinedNow = false;

  close(): void {
    this.closed = true;
    const { topic } = this;
    this.stops.forEach((f) => f());
    this.timers.forEach(clearTimeout);
    delete topic.onData;
    delete topic.onInfo;
    delete topic.onMetaDesc;
    delete topic.onSubsUpdated;
    delete topic.onAuxUpdated;
    delete topic.onMeta;
    delete topic.onPres;
    if (topic.isSubscribed()) topic.leaveDelayed(false, 2_000);
  }

  // seed takes over what the SDK has in memory: what was read before, from its cache.
  private seed(): void {
    const { _messages: cache } = this.topic as unknown as { _messages: { forEach(f: (m: WireMessage) => void): void } };
    const list: Data[] = [];
    cache.forEach((m) => {
      if (m.seq >= 0xfffffff) return; // the SDK's own drafts, which we do not make
      if (!m._deleted) list.push(toData(m));
      const hi = m._deleted ? (m.hi ?? m.seq + 1) : m.seq + 1;
      this.timeline.known.add(m.seq, hi);
    });
    this.timeline.put(list);
  }

  // attach is done at the beginning and after each break.
  private async attach(): Promise<void> {
    const { topic, timeline } = this;
    try {
      await topic.subscribe(); // also if attached: the list may be about to leave (fetchLast)
      this.seen(this.seenUpTo);
      if (this.closed) return topic.leaveDelayed(false, 2_000); // he has left before it was there
      const query = topic.startMetaQuery();
      // A conversation that begins just now: who it is with has not been told yet.
      if (topic.public) query.withLaterDesc();
      else query.withDesc();
      await topic.getMeta(query.withLaterSub().withLaterDel().build());
      void this.fetchPins();
      const before = timeline.last;
      const first = !this.drawn;
      timeline.last = Math.max(timeline.last, topic.seq ?? 0);
      if (first || this.anchor === before) this.anchor = timeline.last;
      if (first) timeline.unreadFrom ||= this.firstUnread();
      if (first && timeline.unreadFrom) this.settled.value = false;
      this.drawn = true;
      if (timeline.last > 0) await this.catchUp();
      if (first && timeline.unreadFrom && !this.goal.peek()) await this.jump(timeline.unreadFrom, false);
      this.marks();
    } catch (e) {
      const code = codeOf(e);
      if (code === 403 || code === 404) this.missing.value = true;
    } finally {
      this.ready.value = this.settled.value = true;
      this.draw();
    }
  }

  // catchUp gets the newest page, as far as it is not here.
  private async catchUp(): Promise<void> {
    const { last, known } = this.timeline;
    if (known.has(last)) return;
    const below = known.before(last + 1);
    await this.fetch(below ? below.hi : 1, last + 1);
  }

  // fetch gets the newest messages within [since, before), a page at most.
  private fetch(since: number, before: number, limit = page): Promise<void> {
    const next = this.chain.then(() => this.fetchNow(since, before, limit));
    this.chain = next.catch(() => {});
    return next;
  }
  private chain: Promise<void> = Promise.resolve(); // one page at a time

  private async fetchNow(since: number, before: number, limit: number): Promise<void> {
    if (since >= before) return;
    const got: Data[] = (this.collecting = []);
    try {
      await this.topic.getMeta(this.topic.startMetaQuery().withData(since > 1 ? since : undefined, before, limit).build());
    } finally {
      if (this.collecting === got) this.collecting = undefined;
    }
    const within = got.filter((d) => d.seq >= since && d.seq < before);
    this.timeline.put(got);
    const low = within.length < limit ? since : Math.min(...within.map((d) => d.seq));
    this.timeline.markKnown(low, before);
    for (const d of got) if (d.seq >= before) this.timeline.markKnown(d.seq, d.seq + 1);
    this.draw();
  }

  /** older and newer load one page more at an end of what is shown. */
  older = (): Promise<boolean> =>
    this.once('older', async () => {
      const island = this.timeline.island(this.anchor);
      if (!island || island.low <= 1) return;
      const below = this.timeline.known.before(island.low);
      if (online.peek()) await this.fetch(Math.max(below?.hi ?? 1, 1), island.low, most);
      else await this.fromCache(island.low);
    });

  newer = (): Promise<boolean> =>
    this.once('newer', async () => {
      const island = this.timeline.island(this.anchor);
      if (!island || this.timeline.atNewest(this.anchor) || !online.peek()) return;
      const above = this.timeline.known.after(island.hi);
      const to = Math.min(island.hi + most, above?.low ?? Infinity, this.timeline.last + 1);
      await this.fetch(island.hi, to, most);
    });

  // fromCache shows what was read before while there is no connection.
  private async fromCache(before: number): Promise<void> {
    await this.topic.getMessagesPage(page, null, 1, before).catch(() => {});
    const known = this.timeline.island(this.anchor)?.low;
    this.seed();
    if (this.timeline.island(this.anchor)?.low !== known) this.draw();
  }

  // once answers whether the page came; not while another one is under way.
  private async once(what: string, f: () => Promise<void>): Promise<boolean> {
    if (this.loading.has(what) || this.closed) return false;
    this.loading.add(what);
    try {
      await f();
      return true;
    } catch {
      return false; // the network: the list asks again
    } finally {
      this.loading.delete(what);
    }
  }

  /** jump brings a message into sight, loading what is around it. False: it is not there any more. */
  async jump(seq: number, flash = true): Promise<boolean> {
    if (!this.timeline.known.has(seq)) {
      if (!online.peek()) return false;
      await this.fetch(Math.max(1, seq - page / 2), Math.min(seq + page / 2, this.timeline.last + 1)).catch(() => {});
    }
    if (!this.timeline.known.has(seq)) return false;
    batch(() => {
      this.anchor = seq;
      this.drawNow();
      const target = this.rows.peek().find((r) => r.kind === 'message' && r.message.seq >= seq);
      const exact = target?.kind === 'message' && target.message.seq === seq;
      if (target) this.goal.value = { key: !flash && this.timeline.unreadFrom === seq ? 'unread' : target.key, flash: flash && exact };
    });
    return !!this.timeline.message(seq);
  }

  async toNewest(): Promise<void> {
    this.anchor = this.timeline.last;
    if (!this.timeline.known.has(this.anchor)) await this.catchUp().catch(() => {});
    this.draw();
  }

  // arrived: a message, live or of a page.
  private arrived(d: WireMessage): void {
    if (d.seq >= 0xfffffff) return;
    const data = toData(d);
    if (data.from) this.quiet(data.from);
    if (this.collecting) {
      this.collecting.push(data);
      return;
    }
    this.live(data);
    this.marks();
    this.draw();
    if (data.from !== myID.peek() && !replaces(data)) this.announced.value = data;
  }

  // live takes a new message; whoever looks at the newest ones goes on doing so.
  private live(d: Data): void {
    const sticks = this.timeline.atNewest(this.anchor);
    this.timeline.putLive(d);
    if (sticks) this.anchor = this.timeline.last;
  }

  /** The last message of somebody else that came while we looked on, for screen readers. */
  readonly announced = signal<Data | null>(null);

  private removed(ranges: readonly { low: number; hi?: number | undefined }[], erased: boolean): void {
    this.timeline.remove(ranges, erased);
    this.draw();
  }

  // draw makes the rows, once for all changes of a moment.
  private scheduled = false;
  private draw(): void {
    if (this.scheduled || this.closed) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      if (!this.closed) this.drawNow();
    });
  }
  private drawNow(): void {
    batch(() => {
      this.last.value = this.timeline.last;
      this.newest.value = this.timeline.atNewest(this.anchor);
      this.rows.value = this.timeline.rows(this.anchor);
    });
  }

  // marks takes over how far others have read, and what else the SDK learned.
  private marks(): void {
    let read = 0;
    let received = 0;
    this.topic.subscribers((sub, user) => {
      if (user === myID.peek()) return;
      read = Math.max(read, sub.read ?? 0);
      received = Math.max(received, sub.recv ?? 0, sub.read ?? 0);
    });
    batch(() => {
      this.read.value = read;
      this.received.value = received;
      this.changes.value++;
    });
  }

  private informed(info: Info): void {
    if (info.what === 'read' || info.what === 'recv') return this.marks();
    if (!info.from || info.from === myID.peek() || !/^kp[av]?$/.test(info.what)) return;
    const user = info.from;
    clearTimeout(this.timers.get(user));
    this.timers.set(user, setTimeout(() => this.quiet(user), typingFor));
    this.typing.value = [...this.typing.peek().filter((x) => x.user !== user), { user, what: info.what as Typing['what'] }].slice(-5);
  }

  private quiet(user: string): void {
    clearTimeout(this.timers.get(user));
    if (this.typing.peek().some((x) => x.user === user)) this.typing.value = this.typing.peek().filter((x) => x.user !== user);
  }

  /** typed tells others that the user writes, or records. */
  typed(what: 'text' | 'audio'): void {
    const now = Date.now();
    if (now - this.typedAt < typingEvery || !online.peek() || !this.topic.isSubscribed()) return;
    this.typedAt = now;
    if (what === 'text') this.topic.noteKeyPress();
    else this.topic.noteRecording(true);
  }

  /** seen: the user has everything up to seq before his eyes. */
  seen(seq: number): void {
    this.seenUpTo = Math.max(this.seenUpTo, seq);
    if (seq > 0 && seq > (this.topic.read ?? 0) && this.topic.isSubscribed()) tellRead(this.topic, seq);
  }
  private seenUpTo = 0; // what was seen before there was a connection is told then

  /** What the author of a message is called; in a channel nobody is named but itself. */
  authorOf = (user: string | undefined): string => (!user && this.topic.isChannelType() ? this.title.peek() : authorName(this.topic, user));

  /** Members that can be mentioned: name → ID. */
  members(): { user: string; name: string }[] {
    const list: { user: string; name: string }[] = [];
    this.topic.subscribers((_, user) => {
      if (user !== myID.peek()) list.push({ user, name: this.authorOf(user) });
    });
    return list.sort((a, b) => a.name.localeCompare(b.name));
  }

  // ---- What the user does

  async write(text: string, mentions: Mentions, files: Prepared[], reply: Message | undefined): Promise<void> {
    const base = { topic: this.name, mentions: [...mentions] as [string, string][], kept: [], head: reply ? { reply: String(reply.seq) } : {} };
    const first = reply && quote(this.authorOf(reply.from), reply.from ?? '', strip(reply), labels());
    this.timeline.unreadFrom = 0;
    this.typedAt = 0; // what comes next is something new
    if (!this.timeline.atNewest(this.anchor)) await this.toNewest();
    // A caption belongs to a single picture; several files are messages of their own.
    if (files.length <= 1) return send({ ...base, quote: first, text, files });
    if (text.trim()) await send({ ...base, quote: first, text, files: [] });
    for (const file of files) await send({ ...base, head: {}, quote: undefined, text: '', mentions: [], files: [file] });
  }

  edit(m: Message, text: string, mentions: Mentions): Promise<void> {
    const parts = partsOf(m.content, m.head);
    const head: Record<string, unknown> = { replace: ':' + m.seq };
    if (m.head.reply) head.reply = m.head.reply;
    return send({ topic: this.name, head, quote: parts.quote, text, mentions: [...mentions], files: [], kept: parts.media });
  }

  forward(m: Message, to: string): Promise<void> {
    const content: Content = forwarded(m.content, m.head, m.from === myID.peek() ? profile.peek().name : this.authorOf(m.from), m.from ?? '');
    const head = { forwarded: typeof m.head.forwarded === 'string' ? m.head.forwarded : `${this.name}:${m.seq}` };
    return send({ topic: to, head, text: '', mentions: [], files: [], kept: [], content });
  }

  /** erase deletes messages with all their versions, for everybody or for oneself. */
  async erase(seqs: number[], everybody: boolean): Promise<void> {
    const all = [...new Set(seqs.flatMap((s) => this.timeline.withVersions(s)))].sort((a, b) => a - b);
    await this.topic.delMessagesList(all, everybody);
    this.removed(all.map((low) => ({ low })), everybody);
  }

  async pin(seq: number, on: boolean): Promise<void> {
    const now = this.pins.peek().filter((s) => s !== seq);
    const pins = on ? [...now, seq].slice(-maxPins) : now;
    await this.topic.setMeta({ aux: { pins: pins.length ? pins : '␡' } });
    this.readPins();
  }

  private readPins(): void {
    const pins = this.topic.aux('pins');
    const now = Array.isArray(pins) ? pins.filter((s): s is number => Number.isSafeInteger(s) && s > 0).slice(-maxPins) : [];
    if (String(now) !== String(this.pins.peek())) this.pins.value = now;
  }

  // fetchPins asks itself: the SDK takes 204, there is nothing, for no news.
  private async fetchPins(): Promise<void> {
    const answer = (await this.topic.getMeta(this.topic.startMetaQuery().withAux().build()).catch(() => null)) as { code?: number } | null;
    if (answer?.code === 204) (this.topic as unknown as { _aux: object })._aux = {};
    if (answer && !this.closed) this.readPins();
  }

  /** Loads pinned messages that are not here; resolves when they are. */
  async loadPins(): Promise<void> {
    for (const seq of this.pins.peek()) {
      if (this.timeline.message(seq) || this.timeline.known.has(seq) || !online.peek()) continue;
      await this.fetch(seq, seq + 1).catch(() => {});
    }
  }

  /** One line about a message. */
  line(m: Message, most = 80): string {
    return previewText(strip(m), labels(), most) || t('message.unknown');
  }

  /** A message as it would be typed, to edit it. */
  typedForm(m: Message): ReturnType<typeof toMarkdown> {
    return toMarkdown(fromTree(partsOf(m.content, m.head).rest));
  }
}

// strip leaves out what a message says about others: its quote and its author.
function strip(m: Message): Content {
  const parts = partsOf(m.content, m.head);
  return fromTree([...parts.media, ...parts.rest]);
}

function toData(m: WireMessage): Data {
  // The SDK puts the number and time of an original into the version that replaces it.
  const { _origSeq, _origTs } = m as unknown as { _origSeq?: number; _origTs?: Date };
  const version = m.head?.replace && _origSeq;
  return { seq: version ? _origSeq : m.seq, from: m.from, ts: version && _origTs ? _origTs : m.ts, head: m.head, content: m.content };
}

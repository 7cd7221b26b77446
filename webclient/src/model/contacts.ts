import { batch, computed, signal, type ReadonlySignal } from '@preact/signals';
import { Tinode, type Info, type Message, type Pres, type Topic } from 'tinode-sdk';
import { t } from '../i18n';
import { plainName } from '../drafty/text';
import { nameOf, photoOf } from './card';
import { previewText } from './preview';
import { me, myID, sdk, synced, whenIn } from './session';

// The list of conversations, as values that never change: a row is drawn again
// only if its contact is another object.

export type ContactKind = 'user' | 'group' | 'channel' | 'self';
export interface Contact {
  readonly name: string; // of the topic
  readonly kind: ContactKind;
  readonly title: string;
  readonly photo: string | undefined;
  readonly online: boolean;
  readonly seen: number; // ms; 0: not known
  readonly touched: number; // ms, time of the last message or change
  readonly unread: number;
  readonly pinned: number; // 0: no; the greater, the higher up
  readonly muted: boolean;
  readonly archived: boolean;
  readonly joined: boolean; // may attach; if not, banned or left
  readonly last: Last | undefined;
  readonly stale: boolean; // there are newer messages than last
  readonly typing: string; // name of who types, '' for nobody
}
export interface Last {
  readonly text: string;
  readonly seq: number;
  readonly ts: number; // ms
  readonly mine: boolean;
  readonly status: number; // Tinode.MESSAGE_STATUS_…
  readonly author: string; // in groups: who wrote it
}

const byName = signal<ReadonlyMap<string, Contact>>(new Map());

// contacts are all conversations but the archived ones, in the order of the list.
export const contacts: ReadonlySignal<Contact[]> = computed(() => sorted([...byName.value.values()].filter((c) => !c.archived)));
export const archived: ReadonlySignal<Contact[]> = computed(() => sorted([...byName.value.values()].filter((c) => c.archived)));
// contactsLoaded: the list is what it is, and not only not there yet.
const cached = signal(false);
export const contactsLoaded = computed(() => cached.value || synced.value);

// unreadChats is how many conversations have something unread that is not muted.
export const unreadChats = computed(() => contacts.value.filter((c) => c.unread > 0 && !c.muted).length);

export const contact = (name: string): Contact | undefined => byName.value.get(name);

export function sorted(list: Contact[]): Contact[] {
  return list.sort((a, b) => b.pinned - a.pinned || b.touched - a.touched || (a.name < b.name ? -1 : 1));
}

// matching finds contacts all of whose words begin as those looked for.
export function matching(list: Contact[], query: string): Contact[] {
  const plain = (s: string) => s.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();
  const wanted = plain(query).split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return list;
  return list.filter((c) => {
    const words = plain(c.title).split(/[\s_.@-]+/);
    return wanted.every((w) => words.some((x) => x.startsWith(w)) || (w.length > 2 && plain(c.title).includes(w)));
  });
}

function kindOf(topic: Topic): ContactKind {
  if (topic.isSelfType()) return 'self';
  if (topic.isChannelType()) return 'channel';
  return topic.isGroupType() ? 'group' : 'user';
}

// titleOf is what a conversation is called: first the user's own word for it.
export function titleOf(topic: Topic): string {
  if (topic.isSelfType()) return t('contacts.saved');
  return plainName(topic.private?.comment).trim() || nameOf(topic.public) || topic.name;
}

// authorName is what somebody is called in a topic.
export function authorName(topic: Topic, uid: string | undefined): string {
  if (!uid) return '';
  const known = sdk().cacheGetTopic(uid);
  return (known && nameOf(known.public)) || nameOf(topic.userDesc(uid)?.public) || t('common.nobody');
}

// newestOf is the newest message in its last version: an edit of an older one does not make that the newest.
// ts is when it was written first.
export function newestOf(topic: Pick<Topic, 'latestMessage' | 'latestMsgVersion'>): (Message & { ts: Date }) | undefined {
  const { _messages: kept } = topic as unknown as { _messages: { getLast(f: (m: Message) => boolean): Message | undefined } };
  const original = kept.getLast((m) => !(m as { _deleted?: boolean })._deleted && !m.head?.replace) ?? topic.latestMessage();
  if (!original) return undefined;
  const version = topic.latestMsgVersion(original.seq);
  return version && version.from === original.from ? { ...version, seq: original.seq, ts: original.ts } : original;
}

function lastOf(topic: Topic): Last | undefined {
  const message = newestOf(topic);
  if (!message) return undefined;
  const replaced = Number(message.head?.replace?.split(':')[1]);
  const mine = message.from === myID.peek();
  return {
    text: previewText(message, mine),
    seq: replaced || message.seq,
    ts: new Date(message.ts).getTime() || 0,
    mine,
    status: mine ? topic.msgStatus(message) : Tinode.MESSAGE_STATUS_TO_ME,
    author: topic.isGroupType() && !topic.isChannelType() && !mine ? authorName(topic, message.from) : '',
  };
}

function toContact(topic: Topic): Contact {
  const mode = topic.acs;
  const touched = topic.touched?.getTime?.() || topic.created?.getTime?.() || 0;
  return {
    name: topic.name,
    kind: kindOf(topic),
    title: titleOf(topic),
    photo: photoOf(topic.public, (path) => sdk().authorizeURL(path)),
    online: !!topic.online && topic.isP2PType(),
    seen: topic.seen?.when ? new Date(topic.seen.when).getTime() : 0,
    touched,
    unread: topic.isSelfType() ? 0 : Math.max(0, (topic.seq ?? 0) - (topic.read ?? 0)),
    pinned: me().pinnedTopicRank(topic.name),
    muted: !!mode && mode.isMuted() && !topic.isSelfType(),
    archived: topic.isArchived(),
    joined: !!mode && mode.isJoiner(),
    last: lastOf(topic),
    stale: (topic.seq ?? 0) > topic.maxMsgSeq(),
    typing: typing.get(topic.name)?.who ?? '',
  };
}

export function sameContact(a: Contact, b: Contact): boolean {
  return (Object.keys(b) as (keyof Contact)[]).every((k) => {
    if (k !== 'last') return a[k] === b[k];
    const [x, y] = [a.last, b.last];
    return x === y || (!!x && !!y && (Object.keys(y) as (keyof Last)[]).every((f) => x[f] === y[f]));
  });
}

// refresh takes over what changed, at most once a frame. all: also what may
// have changed for everybody (pins, the language).
let changed: Set<string> | 'all' = new Set();
let scheduled = false;
export function refresh(name?: string): void {
  if (name === undefined) changed = 'all';
  else if (changed !== 'all') changed.add(name);
  if (scheduled) return;
  scheduled = true;
  // Frames are not drawn in hidden tabs, whose title still has to be right.
  if (document.hidden) setTimeout(apply, 50);
  else requestAnimationFrame(apply);
}

function apply(): void {
  scheduled = false;
  const names = changed;
  changed = new Set();
  if (!myID.peek()) return;
  const old = byName.peek();
  const next = new Map(old);
  let differs = false;
  const take = (topic: Topic | undefined, name: string) => {
    const before = old.get(name);
    if (!topic || !shown(topic)) {
      differs = next.delete(name) || differs;
      return;
    }
    const now = toContact(topic);
    if (before && sameContact(before, now)) return;
    next.set(name, now);
    differs = true;
  };
  if (names === 'all') {
    const there = new Set<string>();
    sdk().mapTopics((topic) => {
      there.add(topic.name);
      if (topic.isCommType()) take(topic, topic.name);
    });
    for (const name of old.keys()) if (!there.has(name)) take(undefined, name);
  } else {
    for (const name of names) take(sdk().cacheGetTopic(name), name);
  }
  if (differs) byName.value = next;
}

// shown are conversations that the server has and the user has not left. One
// that is being looked at (a search result) is none until it was joined.
const shown = (topic: Topic) => topic.isCommType() && !topic._new && !topic._deleted && !!topic.acs && topic.acs.getMode() !== '';

// Who types, for as long as a note is good.
const typingFor = 4_000; // ms
const typing = new Map<string, { who: string; timer: ReturnType<typeof setTimeout> }>();

function typed(info: Info): void {
  const name = info.topic === 'me' ? info.src : info.topic;
  if (!name || !info.from || info.from === myID.peek() || !info.what.startsWith('kp')) return;
  const topic = sdk().cacheGetTopic(name);
  if (!topic) return;
  clearTimeout(typing.get(name)?.timer);
  const timer = setTimeout(() => quiet(name), typingFor);
  typing.set(name, { who: authorName(topic, info.from), timer });
  refresh(name);
}

function quiet(name: string): void {
  clearTimeout(typing.get(name)?.timer);
  if (typing.delete(name)) refresh(name);
}

// The news that the list is made of. Others who want {info} use onInfo.
type Listener<T> = (news: T) => void;
const infoListeners = new Set<Listener<Info>>();
export function onInfo(f: Listener<Info>): () => void {
  infoListeners.add(f);
  return () => infoListeners.delete(f);
}

// onData has every message that comes, of whatever conversation; onPres what the
// server says on me about conversations that are not attached.
const dataListeners = new Set<Listener<Message>>();
export function onData(f: Listener<Message>): () => void {
  dataListeners.add(f);
  return () => dataListeners.delete(f);
}
const presListeners = new Set<Listener<Pres>>();
export function onPres(f: Listener<Pres>): () => void {
  presListeners.add(f);
  return () => presListeners.delete(f);
}

whenIn(() => {
  const topic = me();
  const s = sdk();
  topic.onMetaSub = (sub) => refresh(sub.topic ?? (sub as unknown as Topic).name);
  topic.onSubsUpdated = () => {
    cached.value = true;
    refresh();
  };
  topic.onContactUpdate = (_, c) => refresh(c?.name);
  topic.onMetaDesc = () => {
    profile.value = { name: nameOf(topic.public), photo: photoOf(topic.public, (p) => s.authorizeURL(p)) };
    refresh();
  };
  topic.onPres = (pres) => {
    refresh(pres.src);
    presListeners.forEach((f) => f(pres));
  };
  s.onDataMessage = (data) => {
    if (data.topic && data.from !== myID.peek()) quiet(data.topic);
    dataListeners.forEach((f) => f(data));
  };
  s.onInfoMessage = (info) => {
    typed(info);
    infoListeners.forEach((f) => f(info));
  };
  s.mapTopics((c) => {
    if (c.isCommType()) cached.value = true;
  });
  topic.onMetaDesc(topic);
  return () => {
    typing.forEach(({ timer }) => clearTimeout(timer));
    typing.clear();
    changed = new Set();
    batch(() => {
      byName.value = new Map();
      cached.value = false;
      profile.value = { name: '', photo: undefined };
    });
  };
});

// profile is the user's own card, as far as the page shows it everywhere.
export const profile = signal<{ name: string; photo: string | undefined }>({ name: '', photo: undefined });

// What the user sends, from any page, until the server has it. Lives as long as somebody
// is logged in.

import { effect, signal, type Signal } from '@preact/signals';
import type { Content as WireContent, Ctrl, Message } from 'tinode-sdk';
import type { Content } from '../drafty';
import { maxUpload, upload } from '../files/upload';
import { explain, Problem } from '../model/problem';
import { ask, myID, online, sdk } from '../model/session';
import { attachmentsOf, finalContent, headFor, shownContent } from './content';
import { type Job, Sender } from './sender';
import { openStore, type Outgoing, removeStore } from './store';
import type { Data, Pending } from './timeline';

/** What a conversation is told of its messages. */
export interface Listener {
  pending(p: Pending): void;
  sent(d: Data): void;
  dropped(uid: string): void;
}

const listeners = new Map<string, Listener>();
const shown = new Map<string, { pending: Pending; release: () => void }>();
const progresses = new Map<string, Signal<number>>();
let sender: Sender | undefined;

/** Number of messages that are not on the server yet. */
export const unsent = signal(0);
/** Whether something was sent since the page was opened: then there may be answers. */
export const hasSent = signal(false);
/** How far the files of a message are, 0…1. */
export function progressOf(uid: string): Signal<number> {
  let s = progresses.get(uid);
  if (!s) progresses.set(uid, (s = signal(0)));
  return s;
}

/** start begins for the user who is logged in; what it returns ends it and forgets what was not sent. */
export function start(): () => void {
  const user = myID.peek();
  let current = true;
  calmCache();
  void openStore(user).then((store) => {
    if (!current) return store.close();
    sender = new Sender(store, wire, { changed, sent, dropped, explain });
    void sender.load();
  });
  const stop = effect(() => {
    if (online.value) sender?.back();
  });
  return () => {
    current = false;
    stop();
    sender?.close();
    sender = undefined;
    for (const s of shown.values()) s.release();
    shown.clear();
    progresses.clear();
    unsent.value = 0;
    removeStore(user);
  };
}

// calmCache: the SDK adds what comes a second time (a page that overlaps, a deletion told twice) to
// its cache again, and leaves the failure to nobody.
function calmCache(): void {
  const db = (sdk() as unknown as { _db: Record<string, (...args: unknown[]) => Promise<unknown>> })._db;
  for (const name of ['addMessage', 'addDelLog']) {
    const add = db[name];
    if (add) db[name] = (...args) => add.apply(db, args).catch(() => {});
  }
}

/** listen tells a conversation about its messages, first about those that wait. */
export function listen(topic: string, listener: Listener): () => void {
  listeners.set(topic, listener);
  for (const job of sender?.jobs.values() ?? []) if (job.message.topic === topic) listener.pending(pendingOf(job));
  return () => listeners.get(topic) === listener && listeners.delete(topic);
}

/** A text of our own for head.uid: docs/protocol.md, "Publish once". */
export const newUID = (): string => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');

export async function send(m: Omit<Outgoing, 'uid' | 'ts'>): Promise<void> {
  const uid = newUID();
  if (!sender) throw new Problem(503, 'not ready');
  lastTs = Math.max(Date.now(), lastTs + 1); // what is kept is put in order by it
  await sender.add({ ...m, uid, ts: lastTs, head: { ...m.head, uid } });
}
let lastTs = 0;

export const retry = (uid: string): void => sender?.retry(uid);
export const drop = (uid: string): Promise<void> => sender?.drop(uid) ?? Promise.resolve();

const wire = {
  online: () => online.peek() > 0,
  upload: (file: Blob, signal: AbortSignal, onProgress: (part: number) => void) => {
    const most = maxUpload();
    if (most > 0 && file.size > most) return Promise.reject(new Problem(413, 'too large'));
    return upload(file, signal, onProgress);
  },
  content: finalContent,
  publish,
};

async function publish(m: Outgoing, content: Content): Promise<{ seq: number; ts: Date }> {
  const topic = sdk().getTopic(m.topic);
  if (!topic.isSubscribed()) {
    await topic.subscribe();
    if (!listeners.has(m.topic)) topic.leaveDelayed(false, 10_000);
  }
  const message = topic.createMessage('', false);
  message.content = structuredClone(content) as WireContent; // the SDK removes zeros from what it sends
  message.head = headFor(m, content);
  // topic.publishMessage would keep the reason of a refusal to itself.
  const raw = sdk() as unknown as { publishMessage(message: Message, attachments: string[] | null): Promise<Ctrl> };
  const refs = attachmentsOf(content);
  const ctrl = await ask(() => raw.publishMessage(message, refs.length ? refs : null));
  return { seq: Number(ctrl.params?.seq), ts: new Date(ctrl.ts) };
}

function pendingOf(job: Job): Pending {
  const m = job.message;
  let s = shown.get(m.uid);
  if (!s) {
    const { content, release } = shownContent(m);
    shown.set(m.uid, (s = { pending: { uid: m.uid, ts: new Date(m.ts), head: m.head, content, state: job.state }, release }));
  }
  if (s.pending.state !== job.state || s.pending.error !== m.error) s.pending = { ...s.pending, state: job.state, error: m.error };
  return s.pending;
}

function changed(job: Job): void {
  unsent.value = sender?.jobs.size ?? 0;
  progressOf(job.message.uid).value = job.progress;
  listeners.get(job.message.topic)?.pending(pendingOf(job));
}

function sent(m: Outgoing, content: Content, seq: number, ts: Date): void {
  unsent.value = sender?.jobs.size ?? 0;
  hasSent.value = true;
  listeners.get(m.topic)?.sent({ seq, from: myID.peek(), ts, head: headFor(m, content), content });
  forget(m.uid);
}

function dropped(m: Outgoing): void {
  unsent.value = sender?.jobs.size ?? 0;
  listeners.get(m.topic)?.dropped(m.uid);
  forget(m.uid);
}

function forget(uid: string): void {
  const s = shown.get(uid);
  shown.delete(uid);
  progresses.delete(uid);
  if (s) setTimeout(s.release, 60_000); // the picture of the server has to arrive first
}

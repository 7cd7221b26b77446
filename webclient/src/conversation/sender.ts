// The way of a message to the server: files first, then the message, in the order in which they
// were written, but for texts, which overtake files; again after each break, until the server
// has it or refuses it. Knows the server by the functions of Wire, so that it can be tested without one.

import type { Content } from '../drafty';
import { codeOf, isAway, Problem } from '../model/problem';
import type { Stored } from '../files/upload';
import type { Outgoing, Store } from './store';

export interface Wire {
  /** Whether messages can be sent now. */
  online(): boolean;
  upload(file: Blob, signal: AbortSignal, onProgress: (part: number) => void): Promise<Stored>;
  /** Makes the content of a message whose files are all on the server. */
  content(m: Outgoing): Promise<Content>;
  /** Publishes and returns number and time. */
  publish(m: Outgoing, content: Content): Promise<{ seq: number; ts: Date }>;
}

export type SendState = 'queued' | 'uploading' | 'sending' | 'failed';
export interface Job {
  message: Outgoing;
  state: SendState;
  progress: number; // 0…1, of all its files
  abort: AbortController;
}
export interface Events {
  changed(job: Job): void;
  sent(m: Outgoing, content: Content, seq: number, ts: Date): void;
  dropped(m: Outgoing): void;
  explain(e: unknown): string;
}

const pause = 3_000; // ms before the next attempt while there is a connection
const longest = 60_000;

export class Sender {
  readonly jobs = new Map<string, Job>();
  private readonly busy = new Set<string>(); // topics in which a message is under way
  private readonly paused = new Set<string>(); // topics in which the first message waits to be tried again
  private readonly waits = new Map<string, number>(); // topic → ms of the last pause
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private closed = false;

  constructor(
    private readonly store: Store,
    private readonly wire: Wire,
    private readonly events: Events,
  ) {}

  /** load takes over what an earlier page did not send. */
  async load(): Promise<void> {
    for (const m of await this.store.all()) if (!this.jobs.has(m.uid)) this.take(m);
    this.kick();
  }

  async add(m: Outgoing): Promise<void> {
    this.take(m);
    await this.store.put(m);
    this.kick();
  }

  private take(m: Outgoing): void {
    const job: Job = { message: m, state: m.error === undefined ? 'queued' : 'failed', progress: 0, abort: new AbortController() };
    this.jobs.set(m.uid, job);
    this.events.changed(job);
  }

  /** retry sends one again that was refused. */
  retry(uid: string): void {
    const job = this.jobs.get(uid);
    if (!job || job.state !== 'failed') return;
    delete job.message.error;
    this.set(job, 'queued');
    void this.store.put(job.message);
    this.kick();
  }

  /** drop gives one up that is not on the server yet. */
  async drop(uid: string): Promise<void> {
    const job = this.jobs.get(uid);
    if (!job) return;
    this.jobs.delete(uid);
    job.abort.abort();
    await this.store.remove(uid);
    this.events.dropped(job.message);
    this.kick();
  }

  /** kick starts what can be started. */
  kick(): void {
    if (this.closed || !this.wire.online()) return;
    for (const job of this.jobs.values()) if (!this.paused.has(job.message.topic) && job.state === 'queued' && !isUp(job)) void this.uploadAll(job);
    const topics = new Set([...this.jobs.values()].filter((j) => j.state === 'queued').map((j) => j.message.topic));
    for (const topic of topics) void this.drain(topic);
  }

  /** back: there is a connection again, so nothing has to wait. */
  back(): void {
    this.timers.forEach(clearTimeout);
    this.timers.clear();
    this.paused.clear();
    this.kick();
  }

  close(): void {
    this.closed = true;
    this.timers.forEach(clearTimeout);
    for (const job of this.jobs.values()) job.abort.abort();
    this.store.close();
  }

  private set(job: Job, state: SendState): void {
    job.state = state;
    this.events.changed(job);
  }

  // uploadAll brings up the files of a message, beside those of others.
  private async uploadAll(job: Job): Promise<void> {
    this.set(job, 'uploading');
    const files = job.message.files.filter((f) => !inBand(f));
    const total = files.reduce((n, f) => n + f.file.size, 0) || 1;
    let before = 0;
    try {
      for (const file of files) {
        if (!file.ref) {
          const stored = await this.wire.upload(file.file, job.abort.signal, (part) => {
            job.progress = (before + part * file.file.size) / total;
            this.events.changed(job);
          });
          file.ref = stored.path;
          if (stored.thumb) file.thumb = true;
          if (!this.jobs.has(job.message.uid)) return; // dropped meanwhile
          await this.store.put(job.message);
        }
        before += file.file.size;
      }
      this.set(job, 'queued');
    } catch (e) {
      if (!this.jobs.has(job.message.uid) || this.closed) return;
      this.failed(job, e);
    }
    this.kick();
  }

  // next is the message of a topic to publish now: the first that was not refused or, as long as
  // its files are still coming up, the first text behind it: nobody waits to chat for a film to arrive.
  private next(topic: string): Job | undefined {
    const waiting = [...this.jobs.values()].filter((j) => j.message.topic === topic && j.state !== 'failed');
    return waiting.find((j, i) => j.state === 'queued' && isUp(j) && (i === 0 || j.message.files.length === 0));
  }

  // drain publishes what a topic has to send, one after the other.
  private async drain(topic: string): Promise<void> {
    if (this.busy.has(topic) || this.paused.has(topic)) return;
    this.busy.add(topic);
    try {
      for (;;) {
        const job = this.next(topic);
        if (!job || this.closed || !this.wire.online()) return;
        this.set(job, 'sending');
        try {
          const content = await this.wire.content(job.message);
          const { seq, ts } = await this.wire.publish(job.message, content);
          this.waits.delete(topic);
          this.jobs.delete(job.message.uid);
          this.events.sent(job.message, content, seq, ts);
          await this.store.remove(job.message.uid);
        } catch (e) {
          if (!this.jobs.has(job.message.uid)) continue;
          this.failed(job, e);
          if (job.state === 'queued') return; // tried again, before what was written later
        }
      }
    } finally {
      this.busy.delete(topic);
    }
  }

  // failed decides whether trying again makes sense.
  private failed(job: Job, e: unknown): void {
    const { topic } = job.message;
    if (!isAway(e) && codeOf(e) !== 429) {
      job.message.error = this.events.explain(e);
      void this.store.put(job.message);
      this.set(job, 'failed');
      return;
    }
    this.set(job, 'queued');
    const retry = e instanceof Problem ? Number(e.params.retry) * 1000 : 0;
    const wait = Math.max(retry || 0, Math.min(longest, (this.waits.get(topic) ?? pause / 2) * 2));
    this.waits.set(topic, wait);
    this.paused.add(topic);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.paused.delete(topic);
      this.kick();
    }, wait);
    this.timers.add(timer);
  }
}

const isUp = (job: Job): boolean => job.message.files.every((f) => f.ref || inBand(f));

/** Small pictures travel inside of the message. */
const inBandBytes = 16_000;
export const inBand = (f: { kind: string; file: Blob }): boolean => (f.kind === 'image' || f.kind === 'audio') && f.file.size <= inBandBytes;

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../model/problem';
import { type Job, Sender, type Wire } from './sender';
import { inMemory, type Outgoing, type Store } from './store';

const message = (uid: string, more: Partial<Outgoing> = {}): Outgoing => ({ uid, topic: 'usrA', ts: 1, head: { uid }, text: uid, mentions: [], files: [], kept: [], ...more });
const file = (size: number) => ({ kind: 'file' as const, file: new Blob([new Uint8Array(size)]), name: 'a', mime: 'x/y' });
const settled = () => vi.advanceTimersByTimeAsync(1);

describe('sender', () => {
  let up: boolean;
  let published: string[];
  let failures: unknown[]; // of the next attempts
  let states: string[];
  let store: Store;
  let sender: Sender;
  let uploads: number;
  const wire: Wire = {
    online: () => up,
    upload: async (f, signal, onProgress) => {
      uploads++;
      onProgress(0.5);
      await Promise.resolve();
      if (signal.aborted) throw new DOMException('', 'AbortError');
      const failure = failures.shift();
      if (failure) throw failure;
      return { path: `/v0/file/s/${f.size}`, thumb: true };
    },
    content: async (m) => m.text,
    publish: async (m) => {
      const failure = failures.shift();
      if (failure) throw failure;
      published.push(m.uid);
      return { seq: published.length, ts: new Date() };
    },
  };
  const make = () => new Sender(store, wire, { changed: (j: Job) => states.push(`${j.message.uid} ${j.state}`), sent: () => {}, dropped: () => {}, explain: String });
  beforeEach(() => {
    vi.useFakeTimers();
    up = true;
    published = [];
    failures = [];
    states = [];
    uploads = 0;
    store = inMemory();
    sender = make();
    return () => vi.useRealTimers();
  });

  it('sends in order', async () => {
    await Promise.all(['a', 'b', 'c'].map((u) => sender.add(message(u))));
    await settled();
    expect(published).toEqual(['a', 'b', 'c']);
    expect(await store.all()).toEqual([]);
  });
  it('keeps what is written offline, over a new page, and sends it once', async () => {
    up = false;
    await sender.add(message('a'));
    await sender.add(message('b'));
    sender.close();
    sender = make();
    await sender.load();
    expect(published).toEqual([]);
    up = true;
    sender.kick();
    sender.kick();
    await settled();
    expect(published).toEqual(['a', 'b']);
  });
  it('tries again with the same uid when the answer got lost, before what came later', async () => {
    failures = [new Problem(503, 'timeout')];
    await sender.add(message('a'));
    await sender.add(message('b'));
    await settled();
    expect(published).toEqual([]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(published).toEqual(['a', 'b']);
  });
  it('waits as long as the server says', async () => {
    failures = [new Problem(429, 'too many', { retry: 20 })];
    await sender.add(message('a'));
    await vi.advanceTimersByTimeAsync(19_000);
    expect(published).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(published).toEqual(['a']);
  });
  it('keeps what was refused until the user decides; later ones go on', async () => {
    failures = [new Problem(403, 'permission denied')];
    await sender.add(message('a'));
    await sender.add(message('b'));
    await settled();
    expect(published).toEqual(['b']);
    expect(sender.jobs.get('a')?.state).toBe('failed');
    expect((await store.all())[0]?.error).toContain('permission denied');
    sender.retry('a');
    await settled();
    expect(published).toEqual(['b', 'a']);
  });
  it('uploads files once, however often the message is tried', async () => {
    failures = [undefined, new Problem(0, 'gone')]; // upload, a
    await sender.add(message('a', { files: [file(50_000)] }));
    await sender.add(message('b'));
    await vi.advanceTimersByTimeAsync(10);
    expect(published).toEqual([]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(published).toEqual(['a', 'b']);
    expect(uploads).toBe(1);
    expect(states).toContain('a uploading');
  });
  describe('with uploads that take their time', () => {
    let ends: Map<number, { done: () => void; fail: (e: unknown) => void }>; // by size
    beforeEach(async () => {
      ends = new Map();
      const slow: Wire = { ...wire, upload: (f) => new Promise((resolve, reject) => ends.set(f.size, { done: () => resolve({ path: `/v0/file/s/${f.size}` } as never), fail: reject })) };
      sender = new Sender(store, slow, { changed: () => {}, sent: () => {}, dropped: () => {}, explain: String });
      await sender.add(message('text'));
      await sender.add(message('large', { files: [file(70_000)] }));
      await sender.add(message('small', { files: [file(20_000)] }));
      await sender.add(message('after'));
      await sender.add(message('elsewhere', { topic: 'usrB' }));
      await settled();
    });
    it('sends files in the order in which they were chosen, whatever is up first; texts do not wait', async () => {
      expect([...ends.keys()]).toEqual([70_000, 20_000]); // side by side
      ends.get(20_000)!.done();
      await settled();
      expect(published).toEqual(['text', 'after', 'elsewhere']);
      ends.get(70_000)!.done();
      await settled();
      expect(published).toEqual(['text', 'after', 'elsewhere', 'large', 'small']);
    });
    it('does not wait for an upload that was refused', async () => {
      ends.get(20_000)!.done();
      ends.get(70_000)!.fail(new Problem(413, 'too large'));
      await settled();
      expect(published).toEqual(['text', 'after', 'elsewhere', 'small']);
      expect(sender.jobs.get('large')?.state).toBe('failed');
    });
    it('does not wait for an upload that was cancelled', async () => {
      ends.get(20_000)!.done();
      await sender.drop('large');
      await settled();
      expect(published).toEqual(['text', 'after', 'elsewhere', 'small']);
    });
    it('waits for an upload that is tried again', async () => {
      ends.get(20_000)!.done();
      ends.get(70_000)!.fail(new Problem(503, 'timeout'));
      await settled();
      expect(published).toEqual(['text', 'after', 'elsewhere']);
      await vi.advanceTimersByTimeAsync(3_000);
      ends.get(70_000)!.done();
      await settled();
      expect(published).toEqual(['text', 'after', 'elsewhere', 'large', 'small']);
    });
  });
  it('cancels an upload and forgets the message', async () => {
    const adding = sender.add(message('a', { files: [file(50_000)] }));
    await adding;
    await sender.drop('a');
    await settled();
    expect(published).toEqual([]);
    expect(await store.all()).toEqual([]);
  });
});

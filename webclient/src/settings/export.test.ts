import { expect, it } from 'vitest';
import { collect, type Progress } from './export';
import { type SocketLike, Wire } from './wire';

type Packet = { [field: string]: unknown };

// Fake is a server with two conversations, one of which is shut.
class Fake implements SocketLike {
  onopen: SocketLike['onopen'] = null;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  requests: string[] = [];
  busy = 1; // requests that are told to wait
  constructor(private readonly last: number) {
    setTimeout(() => this.onopen?.({} as never));
  }
  close(): void {
    this.onclose?.({} as never);
  }
  private say(packet: Packet): void {
    this.onmessage?.({ data: JSON.stringify(packet) } as never);
  }
  send(text: string): void {
    const [kind, body] = Object.entries(JSON.parse(text) as { [k: string]: Packet })[0]!;
    const { id, topic, what } = body;
    this.requests.push(`${kind} ${topic} ${what ?? ''}`.trim());
    const ctrl = (code: number, params?: Packet) => this.say({ ctrl: { id, topic, code, text: 'x', params } });
    queueMicrotask(() => {
      if (topic === 'grpShut') return ctrl(403);
      if (kind !== 'get') return ctrl(200);
      if (what === 'sub' && topic === 'me') return this.say({ meta: { id, topic, sub: [{ topic: 'usrB', acs: { mode: 'JRW' }, touched: '2026-01-01T00:00:00Z' }, { topic: 'grpShut', acs: { mode: 'N' } }, { topic: 'usrOld', deleted: 'x' }] } });
      if (what === 'data') {
        if (this.busy-- > 0) return ctrl(429, { retry: 0.001 });
        const { before = this.last + 1, limit } = body.data as { before?: number; limit: number };
        let n = 0;
        for (let seq = Math.min(before - 1, this.last); seq > 0 && n < limit; seq--, n++) this.say({ data: { topic, seq, content: `m${seq}` } });
        return ctrl(n > 0 ? 208 : 204);
      }
      if (what === 'aux') return ctrl(204);
      this.say({ meta: { id, topic, [String(what)]: { is: what } } });
    });
  }
}

it('has all messages once, and what was refused not at all', async () => {
  const fake = new Fake(250);
  const told: Progress[] = [];
  const parts = await collect(await Wire.open(fake), 'usrA', (p) => told.push(p), () => false);
  const file = JSON.parse(parts.join('')) as { profile: Packet; conversations: (Packet & { messages?: { seq: number }[] })[] };
  expect(file.profile).toMatchObject({ user: 'usrA', desc: { is: 'desc' }, tags: { is: 'tags' } });
  expect(file.conversations.map((c) => c.topic)).toEqual(['usrB', 'grpShut']);
  expect(file.conversations[0]?.messages?.map((m) => m.seq)).toEqual(Array.from({ length: 250 }, (_, i) => 250 - i));
  expect(file.conversations[1]?.messages).toBeUndefined();
  expect(told.at(-1)).toEqual({ chat: 2, chats: 2, messages: 250 });
});

it('stops when it is told to', async () => {
  const fake = new Fake(1_000);
  let pages = 0;
  await expect(collect(await Wire.open(fake), 'usrA', (p) => (pages = p.messages / 100), () => pages >= 2)).rejects.toThrow('stopped');
  expect(fake.requests.filter((r) => r.endsWith('data')).length).toBeLessThan(6);
});

it('a lost connection is an error, not an empty file', async () => {
  const fake = new Fake(1_000);
  const wire = await Wire.open(fake);
  await expect(collect(wire, 'usrA', (p) => p.messages > 0 && fake.close(), () => false)).rejects.toThrow('closed');
});

import { signal } from '@preact/signals';
import { Tinode, type Message } from 'tinode-sdk';
import { t } from '../i18n';
import { fetchLast } from '../model/chats';
import { onData, onPres } from '../model/contacts';
import { server } from '../model/server';
import { myID, sdk } from '../model/session';
import { toast } from '../ui';

// The part of calls that is always there: it waits for one that comes in, and
// loads the rest when there is one to take or to make.

type Engine = typeof import('./engine');
export const engine = signal<Engine | null>(null);

export const callsOffered = () => !!server.value?.calls && Array.isArray(sdk().getServerParam<unknown>('iceServers', null));

// load fetches the code of calls; null if it cannot be had, which people are told.
export async function load(): Promise<Engine | null> {
  try {
    engine.value ??= await import('./engine');
  } catch {
    toast(t('error.network'));
  }
  return engine.value;
}

export async function place(topic: string, video: boolean): Promise<void> {
  (await load())?.place(topic, video);
}

// A call is a message. One whose end comes in the same breath (after a time
// away) must not ring: it is looked at again after this time.
const settles = 150; // ms

export function watchCalls(): (() => void) | undefined {
  if (!server.peek()?.calls) return undefined;
  const seen = new Set<string>();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const take = (data: Message) => {
    const { topic: name, seq } = data;
    if (!name || data.head?.webrtc !== 'started' || data.head.replace || data.from === myID.peek() || !isLive(data)) return;
    const key = `${name}:${seq}`;
    if (seen.has(key)) return;
    seen.add(key);
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (isOpen(name, seq)) void load().then((m) => m && isOpen(name, seq) && m.ring(name, seq, !data.head?.aonly));
    }, settles);
    timers.add(timer);
  };
  const stops = [
    onData(take),
    // Of a conversation that is not attached only the number of the message comes.
    onPres((pres) => {
      if (pres.what === 'msg' && pres.src && Tinode.isP2PTopicName(pres.src) && pres.act !== myID.peek()) void fetchLast(pres.src);
    }),
  ];
  return () => {
    stops.forEach((f) => f());
    timers.forEach(clearTimeout);
    engine.peek()?.stopAll();
  };
}

// isLive: it may still ring, as far as the clocks of server and browser agree.
const isLive = (data: Message) =>
  Math.abs(Date.now() - new Date(data.ts).getTime()) < (sdk().getServerParam<number>('callTimeout', 30) + 60) * 1_000;

// isOpen tells whether nobody has taken or ended the call, as far as is known.
export function isOpen(name: string, seq: number): boolean {
  const latest = sdk().cacheGetTopic(name)?.latestMsgVersion(seq);
  return !latest || latest.head?.webrtc === 'started';
}

import { signal, type ReadonlySignal, type Signal } from '@preact/signals';
import type { Pres, Tinode } from 'tinode-sdk';
import { myID, sdk } from '../model/session';

// What changes about one conversation: its description, members, access. The
// SDK keeps the state; a number here says that it is worth to look again. The
// conversation itself has the topic's own callbacks, so these are the
// connection's.

const counts = new Map<string, Signal<number>>();
const watched = new WeakSet<Tinode>();
const pause = 60; // ms: many changes of a large group are drawn at once

// newsOf counts what has happened to a topic since the page is there.
export function newsOf(name: string): ReadonlySignal<number> {
  watch(sdk());
  return of(name);
}

function of(name: string): Signal<number> {
  let count = counts.get(name);
  if (!count) counts.set(name, (count = signal(0)));
  return count;
}

let touched = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;
export function touch(name: string | undefined): void {
  if (!name) return;
  touched.add(name);
  timer ??= setTimeout(() => {
    const names = touched;
    touched = new Set();
    timer = undefined;
    names.forEach((n) => of(n).value++);
  }, pause);
}

function watch(s: Tinode): void {
  if (watched.has(s)) return;
  watched.add(s);
  const { onMetaMessage: meta, onPresMessage: pres, onCtrlMessage: ctrl } = s;
  s.onMetaMessage = (m) => {
    meta?.(m);
    touch(m.topic as string | undefined);
  };
  s.onPresMessage = (p) => {
    pres?.(p);
    touch(p.topic === 'me' ? p.src : p.topic);
    if (p.what === 'acs') void accessChanged(s, p);
  };
  s.onCtrlMessage = (c) => {
    ctrl?.(c);
    touch(c.topic);
  };
}

// accessChanged fetches the own access anew: of a change alone the SDK cannot
// tell what it was before.
async function accessChanged(s: Tinode, p: Pres): Promise<void> {
  const mine = p.topic === 'me' ? !p.tgt || p.tgt === myID.peek() : !p.src;
  const name = p.topic === 'me' ? p.src : p.topic;
  const topic = name ? s.cacheGetTopic(name) : undefined;
  if (!mine || !topic) return;
  try {
    await s.getMeta(topic.name, { what: 'desc' });
    touch(topic.name);
  } catch {
    // gone: its own news say so
  }
}

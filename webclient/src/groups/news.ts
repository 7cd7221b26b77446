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
    if (p.what === 'acs') accessChanged(s, p);
  };
  s.onCtrlMessage = (c) => {
    ctrl?.(c);
    touch(c.topic);
  };
}

// accessChanged fetches the description anew: of a change alone the SDK cannot
// tell what the own access was before, nor how many members there are now. That
// of others can wait until more of it has come.
const later = 800; // ms
const recounts = new Map<string, ReturnType<typeof setTimeout>>();
function accessChanged(s: Tinode, p: Pres): void {
  const name = (p.topic === 'me' ? p.src : p.topic) ?? '';
  const mine = p.topic === 'me' ? !p.tgt || p.tgt === myID.peek() : !p.src;
  if (mine) return void describe(s, name);
  if (recounts.has(name) || !/^grp/.test(name)) return;
  recounts.set(
    name,
    setTimeout(() => {
      recounts.delete(name);
      void describe(s, name);
    }, later),
  );
}

async function describe(s: Tinode, name: string): Promise<void> {
  const topic = s.cacheGetTopic(name);
  if (!topic || !s.isAuthenticated()) return;
  try {
    await s.getMeta(topic.name, { what: 'desc' });
    touch(topic.name);
  } catch {
    // gone: its own news say so
  }
}

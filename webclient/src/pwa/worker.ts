import { signal } from '@preact/signals';
import { phase } from '../model/session';

// waiting is a new version of the page that is there, but not in use.
export const waiting = signal<ServiceWorker | null>(null);

const lock = 'parley-page';
const calm = 2_000; // ms after the first page: the worker fetches all of it
const looksEvery = 3_600_000; // ms

// startWorker registers the worker once the page has nothing better to do. In
// development there is none.
export function startWorker(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  const workers = navigator.serviceWorker;
  // A new version that was fetched last time is taken now, before anything
  // depends on the old one.
  const before = workers.controller;
  let reloading = false;
  workers.addEventListener('controllerchange', () => {
    if (!before || reloading) return; // the very first one: nothing to replace
    reloading = true;
    location.reload();
  });
  void navigator.locks.request(lock, { mode: 'shared' }, () => new Promise(() => {})); // held as long as the page is there
  // More than once: after a reload the page before is still there for a moment.
  if (before) for (const ms of [100, 500, 1_500]) setTimeout(() => void takeIfAlone().catch(() => {}), ms);
  const stop = phase.subscribe((p) => {
    if (p !== 'starting') queueMicrotask(() => (stop(), setTimeout(() => void register(), calm)));
  });
}

// takeIfAlone uses the version that waits, unless another tab has the old one.
async function takeIfAlone(): Promise<void> {
  const pages = (await navigator.locks.query()).held?.filter((l) => l.name === lock) ?? [];
  if (pages.length <= 1) (await navigator.serviceWorker.getRegistration())?.waiting?.postMessage({ do: 'take over' });
}

async function register(): Promise<void> {
  try {
    const r = await navigator.serviceWorker.register('sw.js', { updateViaCache: 'none' });
    const look = () => {
      if (r.waiting && navigator.serviceWorker.controller) waiting.value = r.waiting;
    };
    look();
    r.addEventListener('updatefound', () => r.installing?.addEventListener('statechange', look));
    setInterval(() => void r.update().catch(() => {}), looksEvery);
  } catch {
    // not allowed here: works without
  }
}

// useNew loads the page anew with the new version, in all tabs.
export function useNew(): void {
  waiting.value?.postMessage({ do: 'take over' });
}

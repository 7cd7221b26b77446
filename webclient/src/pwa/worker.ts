import { signal } from '@preact/signals';
import { phase } from '../model/session';

// waiting is a new version of the page that is there, but not in use.
export const waiting = signal<ServiceWorker | null>(null);

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
  const take = async () => (await workers.getRegistration())?.waiting?.postMessage({ do: 'take over if alone' });
  // More than once: after a reload the page before is still there for a moment.
  if (before) for (const ms of [0, 300, 1_000, 2_000]) setTimeout(() => void take().catch(() => {}), ms);
  const stop = phase.subscribe((p) => {
    if (p !== 'starting') queueMicrotask(() => (stop(), setTimeout(() => void register(), calm)));
  });
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

import { trimCache } from '../model/cache';
import { myID } from '../model/session';

// The cache of pictures that were seen, for reading them offline. That it exists
// tells the worker to keep them (worker/sw.ts), and for whom.
const prefix = 'parley-seen-';
const calm = 5_000; // ms after the login, before what is kept is looked through

export function keepSeen(): () => void {
  const mine = prefix + myID.peek();
  void (async () => {
    await forgetSeen(mine);
    if (myID.peek() && prefix + myID.peek() === mine) await caches.open(mine);
  })().catch(() => {}); // a private window
  const uid = myID.peek();
  const timer = setTimeout(() => void trimCache(uid).catch(() => {}), calm);
  return () => {
    clearTimeout(timer);
    void forgetSeen().catch(() => {});
  };
}

// forgetSeen removes the pictures of everybody, or of all others.
async function forgetSeen(but = ''): Promise<void> {
  if (typeof caches === 'undefined') return; // only secure pages have them
  for (const name of await caches.keys()) if (name.startsWith(prefix) && name !== but) await caches.delete(name);
}

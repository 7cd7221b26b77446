import { setTimeout as pause } from 'node:timers/promises';

// until waits for a condition and returns its first true value. It looks often
// instead of sleeping once: what is already so costs nothing, and a slow machine
// gets its time.
export async function until(what, condition, limit = 15_000) {
  const deadline = Date.now() + limit;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${limit} ms in vain for: ${what}`);
    await pause(10);
  }
}

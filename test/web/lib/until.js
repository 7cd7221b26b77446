import { setTimeout as pause } from 'node:timers/promises';
import { patience } from './patience.js';

// until waits for a condition and returns its first true value.
export async function until(what, condition, limit = 15_000 * patience) {
  const deadline = Date.now() + limit;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${limit} ms in vain for: ${what}`);
    await pause(25);
  }
}

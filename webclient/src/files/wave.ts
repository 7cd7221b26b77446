// The picture of a sound: bars. In messages they are base64 of one byte each, 0…100, as
// other clients have it.

import { fromBase64, toBase64 } from './base64';

export const bars = 48;

/** As many bars as wanted from any number of levels (0…1), by the loudest of each part. */
export function resample(levels: readonly number[], n = bars): number[] {
  if (!levels.length) return new Array<number>(n).fill(0);
  return Array.from({ length: n }, (_, i) => {
    const from = Math.floor((i * levels.length) / n);
    const to = Math.max(from + 1, Math.floor(((i + 1) * levels.length) / n));
    return Math.max(...levels.slice(from, to));
  });
}

export function encodeWave(levels: readonly number[]): string {
  const all = resample(levels, 96);
  const top = Math.max(0.05, ...all);
  return toBase64(Uint8Array.from(all, (v) => Math.round((Math.min(v, top) / top) * 100)));
}

/** Bars (0…1) of what a message has; flat if it has none. */
export function decodeWave(preview: unknown, n = bars): number[] {
  const bytes = fromBase64(preview);
  if (!bytes || bytes.length > 4096) return new Array<number>(n).fill(0.08);
  return resample([...bytes].map((b) => Math.max(0.08, Math.min(1, b / 100))), n);
}

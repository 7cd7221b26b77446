import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from './base64';
import { kindOf } from './prepare';
import { durationText, sizeText } from './text';
import { bars, decodeWave, encodeWave, resample } from './wave';

describe('files', () => {
  it.each([
    ['image/png', 'image'],
    ['image/svg+xml', 'file'],
    ['video/mp4', 'video'],
    ['audio/ogg', 'audio'],
    ['text/html', 'file'],
    ['', 'file'],
  ])('%j is sent as %s', (type, kind) => expect(kindOf(type)).toBe(kind));
  it.each([
    [0, ''],
    [1, '1 byte'],
    [999, '999 bytes'],
    [4_200_000, '4.2 MB'],
    [12_345, '12 kB'],
    ['x', ''],
  ])('%j bytes are %j', (n, text) => expect(sizeText(n)).toBe(text));
  it.each([
    [0, '0:00'],
    [65_000, '1:05'],
    [3_725_000, '1:02:05'],
    [NaN, '0:00'],
    [-5, '0:00'],
  ])('%j ms are %j', (n, text) => expect(durationText(n)).toBe(text));
  it('takes bytes to base64 and back, also large ones', () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i);
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
    for (const bad of ['***', 7, null, undefined, '', {}]) expect(fromBase64(bad)).toBeUndefined();
  });
  it('draws bars of any recording, and of none', () => {
    expect(resample([])).toHaveLength(bars);
    expect(resample([1, 0, 0, 0], 2)).toEqual([1, 0]);
    expect(resample([0.5], 3)).toEqual([0.5, 0.5, 0.5]);
    const wave = decodeWave(encodeWave([0, 0.1, 0.2, 0.1]));
    expect(wave).toHaveLength(bars);
    expect(Math.max(...wave)).toBe(1);
    for (const bad of [undefined, '!', 5, 'A'.repeat(10_000)]) expect(decodeWave(bad)).toHaveLength(bars);
  });
});

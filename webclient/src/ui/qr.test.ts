import jsQR from 'jsqr';
import { expect, test } from 'vitest';
import { qr } from './qr';

// read draws a code as a picture and has it read by a decoder of others.
function read(modules: boolean[][]): string | undefined {
  const [scale, margin] = [4, 4];
  const side = (modules.length + 2 * margin) * scale;
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255);
  modules.forEach((row, y) =>
    row.forEach((dark, x) => {
      if (!dark) return;
      for (let dy = 0; dy < scale; dy++) {
        for (let dx = 0; dx < scale; dx++) {
          const at = (((y + margin) * scale + dy) * side + (x + margin) * scale + dx) * 4;
          pixels.fill(0, at, at + 3);
        }
      }
    }),
  );
  const found = jsQR(pixels, side, side);
  return found ? new TextDecoder().decode(new Uint8Array(found.binaryData)) : undefined;
}

// The longest text of each version, and one byte less.
const lengths = [1, 13, 14, 26, 42, 62, 84, 106, 122, 152, 180, 212, 213];

test.each(lengths)('a text of %i bytes can be read', (n) => {
  const text = Array.from({ length: n }, (_, i) => 'https://chat.example/#/u/usr'[i % 28]).join('');
  const modules = qr(text);
  expect(read(modules)).toBe(text);
});

test('versions are no larger than needed', () => {
  expect(qr('x'.repeat(14))).toHaveLength(21);
  expect(qr('x'.repeat(15))).toHaveLength(25);
  expect(qr('x'.repeat(213))).toHaveLength(57);
});

test('letters beyond ASCII', () => {
  expect(read(qr('grüße 你好 💥'))).toBe('grüße 你好 💥');
});

test('too long', () => {
  expect(() => qr('x'.repeat(214))).toThrow(RangeError);
});

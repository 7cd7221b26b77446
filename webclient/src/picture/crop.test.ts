import { expect, it } from 'vitest';
import { fit, maxZoom, moved, source, whole } from './crop';

it('begins with the largest square, in the middle', () => {
  expect(source(fit(whole, 400, 200), 400, 200)).toEqual({ x: 100, y: 0, side: 200 });
});

it('never leaves the picture', () => {
  for (const [w, h] of [[400, 200], [200, 400], [300, 300]] as const) {
    for (const cut of [{ zoom: 0.1, x: -3, y: 9 }, { zoom: 99, x: 2, y: -1 }, { zoom: 2, x: 0, y: 1 }]) {
      const s = source(fit(cut, w, h), w, h);
      expect(s.x).toBeGreaterThanOrEqual(-1e-9);
      expect(s.y).toBeGreaterThanOrEqual(-1e-9);
      expect(s.x + s.side).toBeLessThanOrEqual(w + 1e-9);
      expect(s.y + s.side).toBeLessThanOrEqual(h + 1e-9);
    }
  }
  expect(fit({ zoom: 99, x: 0, y: 0 }, 10, 10).zoom).toBe(maxZoom);
});

it('follows the finger', () => {
  const cut = moved(whole, 0.25, 0, 400, 200); // a quarter of 200 px to the right
  expect(source(cut, 400, 200)).toEqual({ x: 50, y: 0, side: 200 });
});

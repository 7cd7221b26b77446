import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';

const wanted = fileURLToPath(new URL('../pictures/', import.meta.url));
const found = process.env.PARLEY_PICTURES ?? fileURLToPath(new URL('../out/', import.meta.url));
const renew = process.env.RENEW_PICTURES === '1';

// Letters are drawn a little differently by each version of the browser: so many
// pixels may differ.
const tolerance = 0.02;
// A button that is gone is few pixels, but all in one place, where nothing nearby
// has their colour. Edges that moved or are softer are not like that.
const [tile, step, near] = [24, 6, 2]; // pixels
const contrast = 40; // of 255: further from every colour nearby is another colour
const most = 12; // pixels of a tile that may have another colour

// shoot is what is seen now. What varies (times, IDs) is painted over: mask takes
// locators.
export async function shoot(page, mask = []) {
  await page.evaluate(() => document.fonts.ready);
  return page.screenshot({ animations: 'disabled', caret: 'hide', scale: 'css', mask: [page.locator('time'), ...mask], maskColor: '#888' });
}

// difference says in words how two pictures (PNG) differ, '' if they look the
// same; diff shows it.
export function difference(before, after, part = tolerance) {
  const [a, b] = [PNG.sync.read(before), PNG.sync.read(after)];
  if (a.width !== b.width || a.height !== b.height) return { text: `${b.width}×${b.height} instead of ${a.width}×${a.height}` };
  const diff = new PNG({ width: a.width, height: a.height });
  const n = pixelmatch(a.data, b.data, diff.data, a.width, a.height, { threshold: 0.2 });
  const share = n / (a.width * a.height);
  const { strange, x, y } = strangest(a, b);
  let text = '';
  if (share > part) text = `${(share * 100).toFixed(1)} % of the pixels`;
  else if (strange > most) text = `something came or went at ${x},${y} (${strange} pixels)`;
  return { text, share, strange, diff };
}

// strangest finds the tile with most pixels, of either picture, whose colour the
// other picture has not nearby.
function strangest(a, b) {
  const { width, height } = a;
  const marked = new Uint8Array(width * height);
  for (const [one, other] of [[a, b], [b, a]]) {
    for (let channel = 0; channel < 3; channel++) {
      const low = extreme(other, channel, Math.min);
      const high = extreme(other, channel, Math.max);
      for (let i = 0; i < marked.length; i++) {
        const v = one.data[i * 4 + channel];
        if (low[i] - v > contrast || v - high[i] > contrast) marked[i] = 1;
      }
    }
  }
  const sums = new Uint32Array((width + 1) * (height + 1)); // of all above and to the left
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0, line = 0; x < width; x++, i++) {
      line += marked[i];
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + line;
    }
  }
  let worst = { strange: 0, x: 0, y: 0 };
  for (let y = 0; y + tile <= height; y += step) {
    for (let x = 0; x + tile <= width; x += step) {
      const at = (dx, dy) => sums[(y + dy) * (width + 1) + x + dx];
      const strange = at(tile, tile) - at(0, tile) - at(tile, 0) + at(0, 0);
      if (strange > worst.strange) worst = { strange, x, y };
    }
  }
  return worst;
}

// extreme is the least or largest value nearby, for each pixel.
function extreme({ width, height, data }, channel, choose) {
  const across = new Uint8Array(width * height);
  const all = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      let v = data[i * 4 + channel];
      for (let d = -Math.min(near, x); d <= Math.min(near, width - 1 - x); d++) v = choose(v, data[(i + d) * 4 + channel]);
      across[i] = v;
    }
  }
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      let v = across[i];
      for (let d = -Math.min(near, y); d <= Math.min(near, height - 1 - y); d++) v = choose(v, across[i + d * width]);
      all[i] = v;
    }
  }
  return all;
}

// picture compares what is seen with pictures/<name>.png. RENEW_PICTURES=1 writes
// new ones.
export async function picture(page, name, { mask = [], part = tolerance } = {}) {
  let shot = await shoot(page, mask);
  const file = join(wanted, `${name}.png`);
  const before = await readFile(file).catch(() => null);
  if (renew || before === null) {
    if (!renew && process.env.CI === 'true') throw new Error(`there is no picture ${name}.png; RENEW_PICTURES=1 makes it`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, shot);
    return;
  }
  let now = difference(before, shot, part);
  if (now.text) { // on a busy machine the last frame may still be to come
    shot = await shoot(page, mask);
    now = difference(before, shot, part);
  }
  if (!now.text) return;
  await mkdir(found, { recursive: true });
  await writeFile(join(found, `${name}.png`), shot);
  if (now.diff) await writeFile(join(found, `${name}.diff.png`), PNG.sync.write(now.diff));
  throw new Error(`${name} looks different: ${now.text}; see ${found}. If it is meant to: RENEW_PICTURES=1`);
}

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
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
const contrast = 64; // of 255: further from every colour nearby is another colour
const most = 36; // pixels of a tile that may have another colour

// shoot is what is seen now. What varies (times, avatars) is grey; mask
// takes selectors of more. Not
// Playwright's masks, which also cover what lies above.
export async function shoot(page, mask = []) {
  await page.evaluate(async (varies) => {
    await document.fonts.ready;
    // 9:59 is narrower than 10:00, and so is its grey.
    for (const e of document.querySelectorAll('time')) if (e.firstChild?.nodeType === Node.TEXT_NODE) e.firstChild.data = '10:00';
    const sheet = new CSSStyleSheet(); // the page's policy has nothing against it
    sheet.insertRule('[class*=" hue-"] { color: #888 !important }'); // depends on IDs, which are random
    for (const one of varies) {
      sheet.insertRule(`:is(${one}) { background: #888 !important; color: transparent !important }`);
      sheet.insertRule(`:is(${one}) > * { visibility: hidden !important }`);
      sheet.insertRule(`img:is(${one}) { object-position: -9999px !important }`);
    }
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  }, ['time', '.avatar', ...mask]);
  try {
    return await page.screenshot({ animations: 'disabled', caret: 'hide', scale: 'css' });
  } finally {
    await page.evaluate(() => (document.adoptedStyleSheets = document.adoptedStyleSheets.slice(0, -1)));
  }
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
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) marked[i] = alien(a, b, x, y) || alien(b, a, x, y) ? 1 : 0;
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

// alien tells whether a pixel has a colour that the other picture has not nearby,
// nor anything beyond it.
function alien(one, other, x, y) {
  const { width, height } = one;
  const at = (y * width + x) * 4;
  for (let channel = at; channel < at + 3; channel++) {
    const v = one.data[channel];
    if (Math.abs(v - other.data[channel]) <= contrast) continue; // nearly all end here
    let [low, high] = [255, 0];
    for (let dy = Math.max(-near, -y); dy <= Math.min(near, height - 1 - y); dy++) {
      for (let dx = Math.max(-near, -x); dx <= Math.min(near, width - 1 - x); dx++) {
        const w = other.data[channel + (dy * width + dx) * 4];
        [low, high] = [Math.min(low, w), Math.max(high, w)];
      }
    }
    if (low - v > contrast || v - high > contrast) return true;
  }
  return false;
}

// settled is what is seen once it has stopped to change, as long as that may take.
async function settled(page, mask) {
  let shot = await shoot(page, mask);
  for (let i = 0; i < 10; i++) {
    const next = await shoot(page, mask);
    if (next.equals(shot)) break;
    shot = next;
    await pause(100);
  }
  return shot;
}

// picture compares what is seen with pictures/<name>.png. RENEW_PICTURES=1 writes
// new ones.
export async function picture(page, name, { mask = [], part = tolerance } = {}) {
  const file = join(wanted, `${name}.png`);
  const before = await readFile(file).catch(() => null);
  if (renew || before === null) {
    if (!renew && process.env.CI === 'true') throw new Error(`there is no picture ${name}.png; RENEW_PICTURES=1 makes it`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, await settled(page, mask));
    return;
  }
  let shot = await shoot(page, mask);
  let now = difference(before, shot, part);
  if (now.text) { // on a busy machine the last frame may still be to come
    shot = await settled(page, mask);
    now = difference(before, shot, part);
  }
  if (!now.text) return;
  await mkdir(found, { recursive: true });
  await writeFile(join(found, `${name}.png`), shot);
  if (now.diff) await writeFile(join(found, `${name}.diff.png`), PNG.sync.write(now.diff));
  throw new Error(`${name} looks different: ${now.text}; see ${found}. If it is meant to: RENEW_PICTURES=1`);
}

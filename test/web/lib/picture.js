import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';

const wanted = fileURLToPath(new URL('../pictures/', import.meta.url));
const found = process.env.PARLEY_PICTURES ?? fileURLToPath(new URL('../out/', import.meta.url));
const renew = process.env.RENEW_PICTURES === '1';
// Part of the pixels that may differ: letters are drawn a little differently by
// each version of the browser.
const tolerance = 0.02;

// picture compares what is seen with pictures/<name>.png. What varies (times,
// IDs) is painted over: mask takes locators. RENEW_PICTURES=1 writes new ones.
export async function picture(page, name, { mask = [], part = tolerance } = {}) {
  await page.evaluate(() => document.fonts.ready);
  const shot = await page.screenshot({ animations: 'disabled', caret: 'hide', scale: 'css', mask: [page.locator('time'), ...mask], maskColor: '#888' });
  const file = join(wanted, `${name}.png`);
  const before = await readFile(file).catch(() => null);
  if (renew || before === null) {
    if (!renew && process.env.CI === 'true') throw new Error(`there is no picture ${name}.png; RENEW_PICTURES=1 makes it`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, shot);
    return;
  }
  const [a, b] = [PNG.sync.read(before), PNG.sync.read(shot)];
  const same = a.width === b.width && a.height === b.height;
  const diff = new PNG({ width: a.width, height: a.height });
  const n = same ? pixelmatch(a.data, b.data, diff.data, a.width, a.height, { threshold: 0.2 }) : Infinity;
  if (same && n <= a.width * a.height * part) return;
  await mkdir(found, { recursive: true });
  await writeFile(join(found, `${name}.png`), shot);
  await writeFile(join(found, `${name}.diff.png`), PNG.sync.write(diff));
  const how = same ? `${((n * 100) / (a.width * a.height)).toFixed(1)} % of the pixels` : `${b.width}×${b.height} instead of ${a.width}×${a.height}`;
  throw new Error(`${name} looks different: ${how}; see ${found}. If it is meant to: RENEW_PICTURES=1`);
}

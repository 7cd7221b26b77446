// Makes the icons of webclient/public from its icon.svg: "scripts/web.sh icons".
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const folder = new URL('../../webclient/public/', import.meta.url);
const svg = (await readFile(new URL('icon.svg', folder), 'utf8')).trim();
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'] });
const page = await browser.newPage({ deviceScaleFactor: 1 });
// Systems cut maskable icons to a shape: what matters is inside 80 % of the
// middle. Apple's have no transparency.
const icons = [
  { name: 'icon-192.png', size: 192, part: 0.92, behind: 'transparent' },
  { name: 'icon-512.png', size: 512, part: 0.92, behind: 'transparent' },
  { name: 'icon-maskable-512.png', size: 512, part: 0.58, behind: '#ffffff' },
  { name: 'icon-180.png', size: 180, part: 0.7, behind: '#ffffff' },
];
for (const { name, size, part, behind } of icons) {
  await page.setViewportSize({ width: size, height: size });
  const side = Math.round(size * part);
  // The drawing fills 50 × 44 of its 64 × 64, from (2, 8).
  const cut = svg.replace('viewBox="0 0 64 64"', `viewBox="1 4 52 52" width="${side}" height="${side}"`);
  await page.setContent(`<body style="margin:0;height:100vh;display:grid;place-items:center;background:${behind}">${cut}</body>`);
  await writeFile(fileURLToPath(new URL(name, folder)), await page.screenshot({ omitBackground: true }));
}
await browser.close();

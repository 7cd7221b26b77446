import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PNG } from 'pngjs';
import { axe } from '../lib/axe.js';
import { endBrowsers } from '../lib/browser.js';
import { pair, write } from '../lib/people.js';
import { photo } from '../lib/photo.js';
import { Server } from '../lib/server.js';
import { until } from '../lib/until.js';

let server;
before(async () => {
  server = await new Server().start();
});
after(async () => {
  await endBrowsers();
  await server.close();
});

const field = (b) => b.page.locator('main').getByRole('textbox', { name: 'Message' });
const attach = (b, ...files) => b.page.locator('input[type=file]').setInputFiles(files);

const two = () => pair(server);

test('a picture goes up smaller, with a caption, and is seen by the other on the whole screen', async () => {
  const { anna, bert } = await two();
  await attach(anna, photo(2400, 1200));
  await anna.page.locator('.composer-files img').waitFor();
  await field(anna).fill('the *sea*');
  await field(anna).press('Enter');
  const picture = bert.page.locator('article', { hasText: 'the sea' }).locator('.picture');
  await picture.locator('img.is-there').waitFor();
  // The list loads the server's small copy, the whole screen the picture.
  const size = (image) => image.evaluate(async (i) => (await i.decode(), [i.naturalWidth, i.naturalHeight, new URL(i.src).pathname, new URL(i.src).searchParams.get('thumb')]));
  const small = await size(picture.locator('img.picture-full'));
  assert.deepEqual([small[0], small[1], small[3]], [512, 256, '1']);
  assert.match(small[2], /^\/v0\/file\/s\//);
  await axe(bert.page);
  await picture.click();
  const viewer = bert.page.locator('dialog.viewer');
  await viewer.locator('img').waitFor();
  assert.deepEqual(await size(viewer.locator('img')), [1920, 960, small[2], null]);
  await bert.page.keyboard.press('+');
  await until('it is larger', async () => /scale\(1\.5\)/.test(await viewer.locator('img').getAttribute('style')));
  await axe(bert.page);
  await bert.page.keyboard.press('Escape');
  await viewer.waitFor({ state: 'detached' });
  await anna.close();
  await bert.close();
});

test('a small picture travels inside of the message; a file keeps its name and bytes', async () => {
  const { anna, bert } = await two();
  await attach(anna, { name: 'dot.png', mimeType: 'image/png', buffer: PNG.sync.write(new PNG({ width: 40, height: 40 })) });
  await field(anna).press('Enter');
  await bert.page.locator('.picture img.picture-full[src^="data:image/png"]').waitFor();
  const bytes = Buffer.from('a,b\n'.repeat(20_000));
  await attach(anna, { name: 'räksmörgås.csv', mimeType: 'text/csv', buffer: bytes });
  await field(anna).press('Enter');
  const link = bert.page.getByRole('link', { name: 'räksmörgås.csv' });
  const [download] = await Promise.all([bert.page.waitForEvent('download'), link.click()]);
  assert.equal(download.suggestedFilename(), 'räksmörgås.csv');
  const chunks = [];
  for await (const c of await download.createReadStream()) chunks.push(c);
  assert.deepEqual(Buffer.concat(chunks), bytes);
  await anna.close();
  await bert.close();
});

test('an upload shows how far it is and can be cancelled; one that fails can be sent again', async () => {
  const { anna, bert } = await two();
  anna.allow = [/Failed to load resource/];
  let held;
  await anna.page.route('**/v0/file/u/', (route) => void (held = route));
  await attach(anna, { name: 'slow.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(100_000, 1) });
  await field(anna).press('Enter');
  await anna.page.getByRole('progressbar', { name: 'Uploading' }).waitFor();
  await write(anna.page, 'a text does not wait');
  await bert.page.locator('article', { hasText: 'does not wait' }).waitFor();
  await anna.page.locator('.upload').getByRole('button', { name: 'Do not send' }).click();
  await anna.page.locator('article', { hasText: 'slow.bin' }).waitFor({ state: 'detached' });
  await held.abort().catch(() => {});
  await anna.page.unroute('**/v0/file/u/');

  await anna.page.route('**/v0/file/u/', (route) => route.fulfill({ status: 413, json: { ctrl: { code: 413, text: 'too large', ts: '' } } }));
  await attach(anna, { name: 'refused.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(50_000, 2) });
  await field(anna).press('Enter');
  const failed = anna.page.locator('article', { hasText: 'refused.bin' });
  await failed.getByRole('button', { name: 'Try again' }).waitFor();
  await anna.page.unroute('**/v0/file/u/');
  await failed.getByRole('button', { name: 'Try again' }).click();
  await bert.page.getByRole('link', { name: 'refused.bin' }).waitFor();
  await anna.close();
  await bert.close();
});

test('pasted and dropped files', async () => {
  const { anna, bert } = await two();
  await field(anna).evaluate((f) => {
    const data = new DataTransfer();
    data.items.add(new File(['pasted'], 'pasted.txt', { type: 'text/plain' }));
    f.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await anna.page.locator('.composer-files', { hasText: 'pasted.txt' }).waitFor();
  await anna.page.locator('.conversation').evaluate((c) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['dropped'], 'dropped.txt', { type: 'text/plain' }));
    for (const type of ['dragenter', 'drop']) c.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  });
  await anna.page.locator('.composer-files', { hasText: 'dropped.txt' }).waitFor();
  await axe(anna.page);
  await field(anna).press('Enter');
  for (const name of ['pasted.txt', 'dropped.txt']) await bert.page.getByRole('link', { name }).waitFor();
  await anna.close();
  await bert.close();
});

test('a voice message is recorded, sent and played; another one is cancelled', async () => {
  const { anna, bert } = await two();
  await anna.page.getByRole('button', { name: 'Record a voice message' }).click();
  await anna.page.locator('.recorder-wave span').nth(12).waitFor({ state: 'attached' });
  await bert.page.locator('main .conversation-sub', { hasText: 'records' }).waitFor();
  await axe(anna.page);
  await anna.page.keyboard.press('Escape');
  await field(anna).waitFor();
  assert.equal(await anna.page.locator('article .sound').count(), 0);
  await anna.page.getByRole('button', { name: 'Record a voice message' }).click();
  await anna.page.locator('.recorder-wave span').nth(15).waitFor({ state: 'attached' });
  await anna.page.getByRole('button', { name: 'Send' }).click();
  const sound = bert.page.locator('article .sound');
  await sound.getByRole('button', { name: 'Play Voice message' }).click();
  await sound.getByRole('button', { name: 'Pause' }).waitFor();
  await sound.locator('.is-played').first().waitFor({ state: 'attached' });
  await anna.close();
  await bert.close();
});

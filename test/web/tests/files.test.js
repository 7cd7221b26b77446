import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { PNG } from 'pngjs';
import { axe } from '../lib/axe.js';
import { endBrowsers } from '../lib/browser.js';
import { fingers, flows, leave, press } from '../lib/hands.js';
import { write } from '../lib/people.js';
import { photo } from '../lib/photo.js';
import { Server } from '../lib/server.js';
import { until } from '../lib/until.js';

const server = new Server();
before(() => server.start());
after(async () => {
  await endBrowsers();
  await server.close();
});

const flow = flows(server);
const sea = photo(2400, 1200);
const field = (b) => b.page.locator('main').getByRole('textbox', { name: 'Message' });
const attach = (b, ...files) => b.page.locator('input[type=file]').setInputFiles(files);
const send = (b) => press(b, b.page.locator('main').getByRole('button', { name: 'Send', exact: true })); // not before all is prepared

flow('a picture goes up smaller, with a caption, and is seen on the whole screen', async (anna, bert) => {
  await attach(anna, sea);
  await anna.page.locator('.composer-files img').waitFor();
  await write(anna.page, 'the *sea*');
  const picture = (b) => b.page.locator('article', { hasText: 'the sea' }).locator('.picture');
  await picture(bert).locator('img.is-there').waitFor();
  // The list loads the server's small copy, the whole screen the picture.
  const size = (image) => image.evaluate(async (i) => (await i.decode(), [i.naturalWidth, i.naturalHeight, new URL(i.src).pathname, new URL(i.src).searchParams.get('thumb')]));
  const small = await size(picture(bert).locator('img.picture-full'));
  assert.deepEqual([small[0], small[1], small[3]], [512, 256, '1']);
  assert.match(small[2], /^\/v0\/file\/s\//);
  const viewer = (b) => b.page.locator('dialog.viewer');
  await press(bert, picture(bert));
  await viewer(bert).locator('img').waitFor();
  assert.deepEqual(await size(viewer(bert).locator('img')), [1920, 960, small[2], null]);
  await leave(bert, viewer(bert));

  await anna.page.locator('article', { hasText: 'the sea' }).locator('.mark[title="Read"]').waitFor();
  await axe(anna.page);
  await press(anna, picture(anna));
  const image = viewer(anna).locator('img');
  await image.waitFor();
  assert.deepEqual((await size(image)).slice(0, 2), [1920, 960]);
  if (anna.touch) {
    await fingers(anna, async (at) => {
      await at({ x: 150, y: 400, id: 0 }, { x: 240, y: 400, id: 1 });
      await at({ x: 100, y: 400, id: 0 }, { x: 290, y: 400, id: 1 });
      await at();
    });
  } else await anna.page.keyboard.press('+');
  await until('it is larger', async () => Number((await image.getAttribute('style')).match(/scale\(([\d.]+)\)/)?.[1]) >= 1.5);
  await axe(anna.page);
  await leave(anna, viewer(anna));
});

flow('a small picture travels inside of the message; a file keeps its name and bytes', async (anna, bert) => {
  await attach(anna, { name: 'dot.png', mimeType: 'image/png', buffer: PNG.sync.write(new PNG({ width: 40, height: 40 })) });
  await send(anna);
  await bert.page.locator('.picture img.picture-full[src^="data:image/png"]').waitFor();
  const bytes = Buffer.from('a,b\n'.repeat(20_000));
  await attach(bert, { name: 'räksmörgås.csv', mimeType: 'text/csv', buffer: bytes });
  await send(bert);
  const link = anna.page.getByRole('link', { name: 'räksmörgås.csv' });
  const [download] = await Promise.all([anna.page.waitForEvent('download'), press(anna, link)]);
  assert.equal(download.suggestedFilename(), 'räksmörgås.csv');
  const chunks = [];
  for await (const c of await download.createReadStream()) chunks.push(c);
  assert.deepEqual(Buffer.concat(chunks), bytes);
});

flow('an upload shows how far it is and can be cancelled; one that fails can be sent again', async (anna, bert) => {
  anna.allow = [/Failed to load resource/];
  let held;
  await anna.page.route('**/v0/file/u/', (route) => void (held = route));
  await attach(anna, { name: 'slow.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(100_000, 1) });
  await send(anna);
  await anna.page.getByRole('progressbar', { name: 'Uploading' }).waitFor();
  await write(anna.page, 'a text does not wait');
  await bert.page.locator('article', { hasText: 'does not wait' }).waitFor();
  await press(anna, anna.page.locator('.upload').getByRole('button', { name: 'Do not send' }));
  await anna.page.locator('article', { hasText: 'slow.bin' }).waitFor({ state: 'detached' });
  await held.abort().catch(() => {});
  await anna.page.unroute('**/v0/file/u/');

  await anna.page.route('**/v0/file/u/', (route) => route.fulfill({ status: 413, json: { ctrl: { code: 413, text: 'too large', ts: '' } } }));
  await attach(anna, { name: 'refused.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(50_000, 2) });
  await send(anna);
  const failed = anna.page.locator('article', { hasText: 'refused.bin' });
  await failed.getByRole('button', { name: 'Try again' }).waitFor();
  await anna.page.unroute('**/v0/file/u/');
  await press(anna, failed.getByRole('button', { name: 'Try again' }));
  await bert.page.getByRole('link', { name: 'refused.bin' }).waitFor();
});

flow('pasted and dropped files', async (anna, bert) => {
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
}, ['desktop']);

flow('a voice message is recorded, sent and played; another one is cancelled', async (anna, bert) => {
  const { page } = anna;
  const record = async (length) => {
    await press(anna, page.getByRole('button', { name: 'Record a voice message' }));
    await page.locator('.recorder-wave span').nth(length).waitFor({ state: 'attached' });
  };
  await record(12);
  await bert.page.locator('main .conversation-sub', { hasText: 'records' }).waitFor();
  await axe(page);
  if (anna.touch) {
    const { x, y } = await page.locator('.recorder-hint').boundingBox();
    await fingers(anna, async (at) => {
      for (const left of [0, 60, 120]) await at({ x: x - left, y: y + 5 });
      await field(anna).waitFor();
      await at({ x: x - 121, y: y + 5 }); // it has come to rest: a touch while the screen still rolls only stops it
      await at();
    });
  } else await page.keyboard.press('Escape');
  await field(anna).waitFor();
  assert.equal(await page.locator('article .sound').count(), 0);
  await record(15);
  await send(anna);
  const sound = bert.page.locator('article .sound');
  await sound.getByRole('button', { name: 'Play Voice message' }).click();
  await sound.getByRole('button', { name: 'Pause' }).waitFor();
  await sound.locator('.is-played').first().waitFor({ state: 'attached' });
  await press(anna, page.locator('article .sound').getByRole('button', { name: 'Play Voice message' }));
  await page.locator('article .sound .is-played').first().waitFor({ state: 'attached' });
});

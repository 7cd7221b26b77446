import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { axe } from '../lib/axe.js';
import { endBrowsers } from '../lib/browser.js';
import { add, hash, look, makeGroup, png } from '../lib/groups.js';
import { choose } from '../lib/hands.js';
import { arrive, enrol, pair, row, write } from '../lib/people.js';
import { photo } from '../lib/photo.js';
import { Server } from '../lib/server.js';
import { until } from '../lib/until.js';

// What conversations have beside texts: previews of links, mentions, video, notifications,
// pictures of a group.

const server = new Server({ link_preview: { allowed_networks: ['127.0.0.1/32'] } });
let site;
const asked = []; // of the site: path and who asked
before(async () => {
  await server.start();
  site = createServer((q, a) => {
    asked.push({ path: q.url, agent: q.headers['user-agent'] ?? '' });
    if (q.url === '/photo.png') return a.writeHead(200, { 'Content-Type': 'image/png' }).end(png(600, 300).buffer);
    if (q.url !== '/page') return a.writeHead(404).end();
    a.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
    a.end(`<!doctype html><title>x</title><meta property="og:title" content="A walk by the sea &lt;b&gt;">
      <meta property="og:description" content="Twelve kilometres along the coast, with two ferries."><meta property="og:image" content="/photo.png">`);
  });
  await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  site.closeAllConnections();
  site.close();
  await endBrowsers();
  await server.close();
});

const message = (b, text) => b.page.locator('article.message', { hasText: text });
const field = (b) => b.page.locator('main').getByRole('textbox', { name: 'Message' });
const attach = (b, ...files) => b.page.locator('input[type=file]').setInputFiles(files);
const send = (b, text) => write(b.page, text);

async function two(sizeA = 'desktop', sizeB = 'desktop', more = {}) {
  return pair(server, { size: sizeA, ...more }, { size: sizeB, ...more });
}
const newcomer = async (name) => arrive(server, await enrol(server, name));
const done = async (...list) => {
  for (const b of list) await b.close();
};

// film is a second of moving colours, as this browser records it.
const film = async (page) => ({
  name: 'waves.webm',
  mimeType: 'video/webm',
  buffer: Buffer.from(
    await page.evaluate(async () => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 });
      const g = canvas.getContext('2d');
      const chunks = [];
      const recorder = new MediaRecorder(canvas.captureStream(15), { mimeType: 'video/webm' });
      recorder.ondataavailable = (e) => chunks.push(e.data);
      recorder.start();
      const end = Date.now() + 1200;
      for (let i = 0; Date.now() < end; i++) {
        g.fillStyle = `hsl(${i * 9} 70% 50%)`;
        g.fillRect(0, 0, 320, 180);
        await new Promise((r) => setTimeout(r, 40));
      }
      await new Promise((r) => ((recorder.onstop = r), recorder.stop()));
      const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
      return btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(''));
    }),
    'base64',
  ),
});

test('what a link leads to is told by the server; the page asks no other host', async () => {
  const { anna, bert } = await two();
  const url = `http://127.0.0.1:${site.address().port}/page`;
  await send(anna, `look at ${url}`);
  for (const b of [anna, bert]) {
    const preview = message(b, 'look at').locator('.link-preview');
    await preview.getByText('A walk by the sea <b>').waitFor();
    await preview.getByText('Twelve kilometres').waitFor();
    assert.equal(await preview.getAttribute('href'), url);
    await until('its picture is there', () => preview.locator('img').evaluate((i) => i.complete && i.naturalWidth > 0));
    assert.equal(await preview.locator('img').evaluate((i) => new URL(i.src).host), server.host);
  }
  assert.ok(asked.some((a) => a.path === '/photo.png'));
  assert.deepEqual(asked.filter((a) => /Mozilla.*Chrome/.test(a.agent)), []);
  await axe(bert.page);
  await look(bert.page, 'link-preview');
  await done(anna, bert);
});

test('a mention is chosen by keys, marked, and leads to its person', async () => {
  const anna = await newcomer('Anna');
  const bert = await newcomer('Bert Adams');
  const group = await makeGroup(anna.page, 'Walkers');
  await add(anna.page, group, bert);
  await hash(anna.page, `c/${group}`);
  await field(anna).waitFor();
  await field(anna).pressSequentially('hello @be');
  const names = anna.page.getByRole('listbox', { name: 'Mention' });
  await names.getByRole('option', { name: 'Bert Adams', selected: true }).waitFor();
  await axe(anna.page);
  await field(anna).press('Enter');
  await until('the name is there', async () => (await field(anna).inputValue()) === 'hello @Bert Adams ');
  await field(anna).press('Enter');
  await row(bert.page, 'Walkers').click();
  const mention = message(bert, 'hello').locator('.mention', { hasText: 'Bert Adams' });
  await mention.waitFor();
  assert.match(await mention.getAttribute('class'), /is-me/);
  await axe(bert.page);
  await message(anna, 'hello').locator('.mention').click();
  await anna.page.locator('main').getByRole('heading', { name: 'Bert Adams' }).waitFor();
  await done(anna, bert);
});

test('a video goes up with a picture of it, and plays', async () => {
  const { anna, bert } = await two();
  await attach(anna, await film(anna.page));
  await anna.page.locator('.composer-files').getByText('waves.webm').waitFor();
  await send(anna, 'the waves');
  const video = message(bert, 'the waves').locator('.video');
  await video.locator('img').waitFor();
  await axe(bert.page);
  await video.getByRole('button', { name: 'Play waves.webm' }).click();
  await until('it plays', () => video.locator('video').evaluate((v) => v.videoWidth === 320 && (v.currentTime > 0.2 || v.ended)));
  assert.equal(await video.locator('video').evaluate((v) => new URL(v.src).host), server.host);
  await done(anna, bert);
});

test('notifications, once asked for, and the badge of what is unread', async () => {
  const { anna, bert } = await two();
  await bert.context.addInitScript(() => {
    const seen = (globalThis.seen = { notes: [], badge: 0 });
    globalThis.Notification = class extends EventTarget {
      static permission = sessionStorage.allowed ?? 'default';
      static async requestPermission() {
        return (this.permission = sessionStorage.allowed = 'granted');
      }
      constructor(title, options) {
        super();
        seen.notes.push(Object.assign(this, { title, body: options.body, open: true }));
      }
      close() {
        this.open = false;
      }
    };
    navigator.setAppBadge = async (n) => void (seen.badge = n);
    navigator.clearAppBadge = async () => void (seen.badge = 0);
  });
  const seen = () => bert.page.evaluate(() => ({ badge: seen.badge, notes: seen.notes.map(({ title, body, open }) => ({ title, body, open })) }));
  await bert.page.reload();
  await send(bert, 'hello Anna');
  const banner = bert.page.getByRole('region', { name: 'Notifications' });
  await banner.waitFor();
  await axe(bert.page);
  await banner.getByRole('button', { name: 'Yes' }).click();
  await banner.waitFor({ state: 'detached' });
  await message(anna, 'hello Anna').waitFor();
  await hash(bert.page, '');
  await until('the conversation is closed', async () => !(await field(bert).isVisible()));
  await send(anna, 'are you *there*?');
  await until('he is told', async () => (await seen()).notes.length === 1);
  assert.deepEqual(await seen(), { badge: 1, notes: [{ title: 'Anna', body: 'are you there?', open: true }] });
  assert.match(await bert.page.title(), /^\(1\)/);
  await row(bert.page, 'Anna').click();
  await message(bert, 'are you there?').waitFor();
  await until('all is taken back', async () => {
    const now = await seen();
    return now.badge === 0 && now.notes.every((n) => !n.open);
  });
  assert.doesNotMatch(await bert.page.title(), /^\(/);
  // What he has before his eyes is not told.
  await send(anna, 'good');
  await message(bert, 'good').waitFor();
  await bert.page.waitForTimeout(1200);
  assert.equal((await seen()).notes.length, 1);
  await done(anna, bert);
});

test('a picture in a group is seen by its members, and by nobody else', async () => {
  const anna = await newcomer('Anna');
  const bert = await newcomer('Bert');
  const cleo = await newcomer('Cleo');
  const group = await makeGroup(anna.page, 'Family');
  await add(anna.page, group, bert);
  await hash(anna.page, `c/${group}`);
  await field(anna).waitFor();
  await attach(anna, photo(1600, 1000));
  await anna.page.locator('.composer-files img').waitFor();
  await send(anna, 'us');
  await row(bert.page, 'Family').click();
  const image = message(bert, 'us').locator('img.picture-full.is-there');
  await image.waitFor();
  const path = await image.evaluate((i) => new URL(i.src).pathname);
  const get = (b, path) =>
    b.page.evaluate(async (path) => {
      const { token } = JSON.parse(localStorage.getItem('parley.account'));
      const { apiKey } = JSON.parse(localStorage.getItem('parley.server'));
      return (await fetch(path, { cache: 'no-store', headers: { 'X-Tinode-APIKey': apiKey, ...(token && { 'X-Tinode-Auth': `Token ${token}` }) } })).status;
    }, path);
  cleo.allow = [/status of 403/];
  for (const what of [path, `${path}?thumb=1`]) {
    assert.equal(await get(bert, what), 200);
    assert.equal(await get(cleo, what), 403);
  }
  await done(anna, bert, cleo);
});

test('360 px: everything has room, long words break, a finger opens the menu', async () => {
  const { anna, bert } = await two('narrow');
  const { page } = anna;
  await send(bert, `${'Donaudampfschifffahrtsgesellschaft'.repeat(4)}\n\`\`\`\n${'const answer = 42; '.repeat(8)}\n\`\`\`\n> ${'quoted '.repeat(30)}`);
  await attach(bert, photo(1400, 500), { name: `${'a-very-long-name-'.repeat(6)}.txt`, mimeType: 'text/plain', buffer: Buffer.alloc(20_000, 65) });
  await bert.page.locator('.composer-files li').nth(1).waitFor();
  await send(bert, 'with files'); // each file is a message of its own
  await message(anna, 'with files').waitFor();
  await page.locator('article.message img.is-there').waitFor();
  await page.getByRole('link', { name: 'a-very-long-name' }).waitFor();
  const wide = await page.evaluate(() => {
    const main = document.querySelector('main');
    const wider = [...main.querySelectorAll('*')].filter((e) => !e.closest('pre') && getComputedStyle(e).position !== 'fixed' && e.getBoundingClientRect().right > innerWidth + 1 && e.getClientRects().length);
    return { page: document.documentElement.scrollWidth, wider: wider.map((e) => `${e.tagName}.${e.className}`) };
  });
  assert.deepEqual(wide, { page: 360, wider: [] });
  await axe(page);
  await look(page, 'narrow');
  const hold = (text, action) => choose(anna, message(anna, text), action);
  await hold('first', 'Reply');
  await send(anna, 'an answer by hand');
  await message(bert, 'an answer by hand').locator('.quote').waitFor();
  await hold('an answer by hand', 'Edit');
  await field(anna).fill('a better answer');
  await page.locator('main').getByRole('button', { name: 'Save' }).click();
  await message(bert, 'a better answer').getByText('edited').waitFor();
  await hold('a better answer', 'Delete');
  await look(page, 'narrow-delete');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete for everybody' }).click();
  await bert.page.getByText('Message deleted').waitFor();
  await done(anna, bert);
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PNG } from 'pngjs';
import { Browser, endBrowsers } from '../lib/browser.js';
import { password } from '../lib/people.js';
import { Raw, secretOf } from '../lib/raw.js';
import { Server } from '../lib/server.js';
import { offline, stockFolder } from '../lib/stock.js';
import { until } from '../lib/until.js';

// The published web app of Tinode, served from a folder (static_data): whoever
// comes from there finds everything as it was.

const server = new Server({}, ['--static_data', stockFolder]);
const sessions = [];
before(async () => {
  await server.start();
  const ids = [];
  for (const [login, fn] of [['alice', 'Alice Stock'], ['bobby', 'Bobby Stock']]) {
    const raw = await Raw.open(server);
    sessions.push(raw);
    ids.push((await raw.must('acc', { user: 'new', scheme: 'basic', secret: secretOf(login, password), login: true, desc: { public: { fn } } })).params.user);
  }
  await sessions[0].must('sub', { topic: ids[1] });
  await sessions[1].must('sub', { topic: ids[0] });
});
after(async () => {
  for (const raw of sessions) raw.close();
  await endBrowsers();
  await server.close();
});

// stock logs somebody in to the app and opens a conversation.
async function stock(login, with_) {
  const b = await Browser.open(server);
  // fonts, and a file that an operator writes to have push messages
  b.allow.push(/fonts\.(googleapis|gstatic)\.com/, /firebase-init\.js/, /Refused to execute script/);
  b.asked = await offline(b);
  const { page } = b;
  await page.goto('');
  await page.locator('#inputLogin').fill(login);
  await page.locator('#login-form input[type=password]').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText(with_).first().click();
  await page.locator('#send-message-input').waitFor();
  return b;
}

// noise is a picture that is too large to travel within a message.
function noise(width, height) {
  const png = new PNG({ width, height });
  for (let i = 0, x = 1; i < png.data.length; i++) {
    x = (x * 1103515245 + 12345) % 2147483648;
    png.data[i] = i % 4 === 3 ? 255 : x >> 16 & 255;
  }
  return PNG.sync.write(png);
}

test('tinode-webapp 0.25.3 logs in, chats, and sends a picture', async () => {
  const alice = await stock('alice', 'Bobby Stock');
  const bob = await stock('bobby', 'Alice Stock');
  const field = alice.page.locator('#send-message-input');
  await field.fill('good *morning* Bobby');
  await field.press('Enter');
  await bob.page.locator('#messages-panel').getByText('morning').waitFor();
  assert.equal(await bob.page.locator('#messages-panel b', { hasText: 'morning' }).count(), 1);
  const answer = bob.page.locator('#send-message-input');
  await answer.fill('and to you');
  await answer.press('Enter');
  await alice.page.locator('#messages-panel').getByText('and to you').waitFor();

  const uploaded = alice.page.waitForResponse((r) => /\/v0\/file\/u\//.test(r.url()) && r.request().method() === 'POST');
  const fetched = bob.page.waitForResponse((r) => /\/v0\/file\/s\//.test(r.url()));
  await alice.page.locator('input[type=file][accept^="image"]').setInputFiles({ name: 'noise.png', mimeType: 'image/png', buffer: noise(1200, 900) });
  await alice.page.locator('#image-preview-container img').waitFor();
  await alice.page.getByTitle('Send message').click();
  const up = await uploaded;
  assert.equal(up.status(), 200);
  const { url } = (await up.json()).ctrl.params;
  const down = await fetched;
  assert.equal(down.status(), 200);
  assert.ok(down.url().includes(url), `${down.url()} is not ${url}`);
  assert.match(down.headers()['content-type'], /^image\/(png|jpeg)$/);
  for (const { page } of [alice, bob]) {
    const shown = await until('the picture is seen', async () =>
      page.evaluate(() => [...document.querySelectorAll('#messages-panel img')].map((i) => [i.naturalWidth, i.naturalHeight, i.src]).find(([w]) => w > 100)));
    assert.ok(Math.abs(shown[0] / shown[1] - 4 / 3) < 0.02, `${shown}`);
  }
  assert.deepEqual([...alice.asked, ...bob.asked], []);
  await alice.close();
  await bob.close();
});

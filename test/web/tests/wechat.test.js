import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, endBrowsers } from '../lib/browser.js';
import { listShown, person, row, startChat, write } from '../lib/people.js';
import { Server } from '../lib/server.js';
import { until } from '../lib/until.js';
import { inWeChat, WeChat } from '../lib/wechat.js';

const apps = { oa: 'wx00000000000000oa', web: 'wx0000000000000web' };
const secrets = { oa: 'oa-secret-sentinel', web: 'web-secret-sentinel', hook: 'hook-token-sentinel' };

let wechat;
let server;
const seen = []; // everything that browsers were sent by our server

// The port must be known beforehand: the JS-SDK works on registered hosts alone.
async function freePort() {
  const { createServer } = await import('node:net');
  const s = createServer();
  await new Promise((listening) => s.listen(0, '127.0.0.1', listening));
  const { port } = s.address();
  await new Promise((closed) => s.close(closed));
  return port;
}

before(async () => {
  wechat = await new WeChat().start();
  const host = `127.0.0.1:${await freePort()}`;
  server = new Server({
    log_level: 'debug',
    bridges: {
      wechat: {
        enabled: true,
        api_base: wechat.url,
        open_base: wechat.url,
        js_sdk: `${wechat.url}/res/jweixin-1.6.0.js`,
        apps: [
          { kind: 'oa', app_id: apps.oa, app_secret: secrets.oa, push_token: secrets.hook, js_domains: [host] },
          { kind: 'web', app_id: apps.web, app_secret: secrets.web },
        ],
        // what comes out must be called a sound by its first bytes
        voice: { command: ['/bin/sh', '-c', "printf 'ID3\\004\\000\\000\\000\\000\\000\\000'; cat"], type: 'audio/mpeg' },
        push: { per_user: 'off', template: { template_id: 'TPL', fields: { thing1: '{from}' } } },
      },
    },
  });
  server.host = host;
  await server.start();
  await wechat.control({ redirect: server.host });
});
after(async () => {
  await endBrowsers();
  const hidden = [...(await wechat.control()).secrets, ...Object.values(secrets)];
  const log = server.said;
  await server.close();
  await wechat.close();
  assert.ok(seen.some((text) => text.includes('"authlvl"')) && seen.some((text) => text.includes('"nonceStr"')), 'this test looked at nothing');
  for (const secret of hidden) {
    assert.ok(!log.includes(secret), `the log has a secret: ${secret}`);
    assert.ok(!seen.some((text) => text.includes(secret)), `a browser was sent a secret: ${secret}`);
  }
});

// visitor opens a browser that may go to WeChat, and keeps what our server sends it.
async function visitor(more = {}) {
  const b = await Browser.open(server, 'phone', more);
  await b.context.route((url) => url.host === wechat.host, (route) => route.continue());
  b.context.on('response', (r) => {
    if (new URL(r.url()).host !== server.host) return;
    seen.push(JSON.stringify(r.headers()));
    r.text().then((text) => seen.push(text), () => {}); // a redirect has none
  });
  b.page.on('websocket', (ws) => ws.on('framereceived', (f) => seen.push(String(f.payload))));
  return b;
}

async function signIn(b, user) {
  await b.page.goto('');
  await b.page.getByRole('button', { name: /WeChat/ }).click();
  await b.page.locator(`#${user}`).click();
  await listShown(b.page);
}

const account = (page) => page.evaluate(() => JSON.parse(localStorage.getItem('parley.account')).uid);

test('inside WeChat and by a scanned picture somebody gets to one account', async () => {
  const phone = await visitor({ userAgent: inWeChat });
  await signIn(phone, 'ann');
  assert.doesNotMatch(phone.page.url(), /wechat=|code=/);
  const desk = await visitor();
  await desk.page.goto('');
  await desk.page.getByRole('button', { name: /WeChat/ }).click();
  await desk.page.getByRole('heading', { name: 'Scan with WeChat' }).waitFor();
  await desk.page.locator('#ann').click();
  await listShown(desk.page);
  assert.equal(await account(desk.page), await account(phone.page));
  // The name and the picture are WeChat's, the picture without asking it again.
  await phone.page.getByRole('button', { name: 'Account and settings' }).locator('img').waitFor();
  await phone.close();
  await desk.close();
});

test('who does not allow it is told, and so is who sees a preview', async () => {
  const b = await visitor({ userAgent: inWeChat });
  b.allow = [/403/]; // of the page that says so
  await b.page.goto('');
  await b.page.getByRole('button', { name: /WeChat/ }).click();
  await b.page.locator('#deny').click();
  await b.page.getByRole('heading', { name: 'Sign-in did not work' }).waitFor();
  await b.page.getByText('cancelled').waitFor();
  await b.page.getByRole('link', { name: 'Back' }).click();
  await wechat.control({ user: 'ann', snapshot: true });
  await b.page.getByRole('button', { name: /WeChat/ }).click();
  await b.page.locator('#ann').click();
  await b.page.getByText('使用完整服务').waitFor();
  await wechat.control({ user: 'ann', snapshot: false });
  await b.close();
});

test('an answer of WeChat is good in the browser alone that asked', async () => {
  const eve = await visitor();
  await eve.page.goto('');
  await eve.page.getByRole('button', { name: /WeChat/ }).click();
  const back = await eve.page.locator('#bob').getAttribute('href');
  const victim = await visitor();
  victim.allow = [/400/];
  await victim.page.goto(back);
  await victim.page.getByText('not begun in this browser').waitFor();
  // a code that nobody here asked for is dropped
  await victim.page.goto('#wechat=AAAA');
  await victim.page.getByLabel('Login name').waitFor();
  await eve.close();
  await victim.close();
});

test('inside WeChat the page can be shared and voice be recorded; elsewhere nothing is loaded', async () => {
  const ann = await visitor({ userAgent: inWeChat });
  const { media } = await wechat.control({ voice: apps.oa });
  await ann.page.addInitScript((id) => (window.wxServerId = id), media);
  await signIn(ann, 'ann');
  const calls = () => ann.page.evaluate(() => window.wxCalls ?? []);
  const [, config] = await until('wx.config', async () => (await calls()).find(([what]) => what === 'config'));
  assert.equal(config.appId, apps.oa);
  assert.match(config.signature, /^[0-9a-f]{40}$/);
  const [, shared] = await until('the page is shared', async () => (await calls()).findLast(([what]) => what === 'share'));
  assert.equal(shared.link, `${server.url}#/u/${await account(ann.page)}`);
  const friend = await person(server, 'Friend');
  friend.allow = [/media|sound|play|load/i]; // there is nothing to be heard in it
  await startChat(ann.page, friend.login, 'Friend');
  await ann.page.getByRole('button', { name: /Record/ }).click();
  await until('the recording runs', async () => (await calls()).some(([what]) => what === 'startRecord'));
  await ann.page.waitForTimeout(1_300); // WeChat refuses shorter ones
  await ann.page.getByRole('button', { name: 'Send' }).click();
  await until('the recording was uploaded', async () => (await calls()).some(([what]) => what === 'uploadVoice'));
  await row(friend.page, /ann 微信/).click();
  const asked = friend.page.waitForRequest(/\/v0\/file\/s\//);
  await friend.page.locator('main').getByRole('button', { name: /^Play/ }).click();
  const source = (await asked).url();
  const answer = await friend.page.evaluate(async (url) => {
    const r = await fetch(url);
    return { status: r.status, type: r.headers.get('content-type'), size: (await r.arrayBuffer()).byteLength };
  }, source);
  assert.deepEqual(answer, { status: 200, type: 'audio/mpeg', size: 10 + 6 + 100 * 32 });
  // Elsewhere nothing of WeChat is there.
  assert.equal(await friend.page.evaluate(() => 'wx' in window), false);
  const policy = async (b, userAgent) => (await b.context.request.get('', { headers: { 'User-Agent': userAgent } })).headers()['content-security-policy'];
  assert.match(await policy(friend, inWeChat), new RegExp(`script-src 'self' ${wechat.url};`));
  assert.match(await policy(friend, 'Firefox'), /script-src 'self';/);
  await ann.close();
  await friend.close();
});

test('who is away is told in WeChat', async () => {
  const bob = await visitor({ userAgent: inWeChat });
  await signIn(bob, 'bob');
  const id = await account(bob.page);
  const friend = await person(server, 'Talker');
  await friend.page.goto(`#/u/${id}`);
  const before = (await wechat.control()).sent;
  await write(friend.page, 'are you there?');
  await until('WeChat has a message for bob', async () => (await wechat.control()).sent === before + 1);
  await bob.close();
  await friend.close();
});

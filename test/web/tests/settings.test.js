import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before } from 'node:test';
import { axe } from '../lib/axe.js';
import { Browser, endBrowsers } from '../lib/browser.js';
import { hash, look, makeGroup, png, yes } from '../lib/groups.js';
import { noMail } from '../lib/mail.js';
import { listShown, logIn, logOut, password, row, startChat, toList, write } from '../lib/people.js';
import { totp } from '../lib/raw.js';
import { scene } from '../lib/scene.js';
import { Server } from '../lib/server.js';
import { until } from '../lib/until.js';

const server = new Server({ acc_validation: { email: { add_to_tags: true, config: noMail } } });
before(() => server.start());
after(async () => {
  await endBrowsers();
  await server.close();
});

// settings opens a section, by the menu where that can be seen.
async function settings(page, name) {
  await toList(page);
  await page.getByRole('button', { name: 'Account and settings' }).click();
  await page.getByRole('menuitem', { name: 'Settings' }).click();
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  if (name) {
    await page.getByRole('link', { name: new RegExp(`^${name}`) }).click();
    await page.locator('main').getByRole('heading', { name, level: 1 }).waitFor();
  }
}

for (const size of ['desktop', 'phone']) {
  scene(`profile: picture, name, description, alias and tags (${size})`, async (person) => {
    const anna = await person(server, 'Anna', size);
    const bert = await person(server, 'Bert', size);
    const { page } = anna;
    await startChat(bert.page, anna.login, 'Anna');
    await write(bert.page, 'hi');
    await settings(page);
    await look(page, `settings-${size}`);
    await axe(page);
    await page.getByRole('link', { name: 'Profile' }).click();
    const main = page.locator('main');
    await main.locator('input[type=file]').setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
    await page.getByText('This file is not a picture').waitFor();
    await main.locator('input[type=file]').setInputFiles(png());
    await yes(page, 'Use this');
    await main.getByLabel('Your name').fill('Anna Ahrens');
    await main.getByLabel('About you').fill('Chess, mostly.');
    await main.getByLabel('Alias').fill('a b');
    await main.getByRole('button', { name: 'Save' }).click();
    await main.getByText('Use 4 to 24 plain letters').waitFor();
    await main.getByLabel('Alias').fill(`ahrens${size}`);
    await main.getByLabel('Tags').fill('#chess vienna');
    await look(page, `profile-${size}`);
    await axe(page);
    await main.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    await toList(bert.page);
    await row(bert.page, 'Anna Ahrens').locator('img').waitFor();
    await until('the picture is drawn', () => row(bert.page, 'Anna Ahrens').locator('img').evaluate((i) => i.complete && i.naturalWidth > 0));
    await page.reload();
    await main.getByLabel('Alias').waitFor();
    await until('what was saved is there', async () => (await main.getByLabel('Tags').inputValue()) === 'chess vienna');
    await main.getByRole('button', { name: 'Remove picture' }).click();
    await main.getByRole('button', { name: 'Save' }).click();
    await until('the picture is gone', async () => (await row(bert.page, 'Anna Ahrens').locator('img').count()) === 0);
    // an alias is one person's
    await settings(bert.page, 'Profile');
    await bert.page.locator('main').getByLabel('Alias').fill(`ahrens${size}`);
    await bert.page.locator('main').getByRole('button', { name: 'Save' }).click();
    await bert.page.getByText('This alias is taken.').waitFor();
  });

  scene(`addresses and password (${size})`, async (person) => {
    const anna = await person(server, 'Anna', size);
    const { page } = anna;
    const main = page.locator('main');
    await settings(page, 'Account');
    await main.getByRole('button', { name: 'Add e-mail address' }).click();
    await main.getByRole('textbox', { name: 'E-mail address' }).fill('nonsense');
    await main.getByRole('button', { name: 'Add', exact: true }).click();
    await main.getByText('This is not an e-mail address.').waitFor();
    await main.getByRole('textbox', { name: 'E-mail address' }).fill(`${anna.login}.${size}@example.com`);
    await main.getByRole('button', { name: 'Add', exact: true }).click();
    await main.getByText('Waits for its code').waitFor();
    await main.getByLabel('Code sent to').fill('000000');
    await main.getByRole('button', { name: 'Confirm' }).click();
    await main.getByText('This code is not right.').waitFor();
    await look(page, `account-${size}`);
    await axe(page);
    await main.getByLabel('Code sent to').fill('123456');
    await main.getByRole('button', { name: 'Confirm' }).click();
    await main.getByText('Confirmed', { exact: true }).waitFor();
    await main.getByRole('button', { name: 'Remove', exact: false }).click();
    await yes(page, 'Remove');
    await main.getByText('No address yet').waitFor();

    const other = await Browser.open(server, size);
    await other.page.goto('');
    await logIn(other.page, anna.login);
    await listShown(other.page);
    await main.getByRole('textbox', { name: 'New password' }).fill('x');
    await main.getByRole('button', { name: 'Set password' }).click();
    await main.getByText('Too short: at least 6 characters.').waitFor();
    await main.getByRole('textbox', { name: 'Login name' }).fill(`${anna.login}new`);
    await main.getByRole('textbox', { name: 'New password' }).fill('another horse');
    await main.getByRole('button', { name: 'Set password' }).click();
    await page.getByText('Your password is set.').waitFor();
    await other.page.getByText('You were logged out. Log in again.').waitFor();
    await logIn(other.page, anna.login);
    await other.page.getByText('Login name or password is wrong.').waitFor();
    await logIn(other.page, `${anna.login}new`, 'another horse');
    await listShown(other.page);
  });

  scene(`devices: one is logged out, then all others (${size})`, async (person) => {
    const anna = await person(server, 'Anna', size);
    const { page } = anna;
    const main = page.locator('main');
    const others = [];
    for (let i = 0; i < 3; i++) {
      const b = await Browser.open(server);
      await b.page.goto('');
      await logIn(b.page, anna.login);
      await listShown(b.page);
      others.push(b);
    }
    await settings(page, 'Devices');
    await until('all are listed', async () => (await main.getByRole('listitem').count()) === 4);
    await look(page, `devices-${size}`);
    await axe(page);
    await main.getByRole('button', { name: /^Log out:/ }).first().click();
    await yes(page, 'Log out');
    const out = (b) => b.page.getByText('You were logged out. Log in again.').isVisible();
    await until('one is out', async () => (await Promise.all(others.map(out))).filter(Boolean).length === 1);
    await main.getByRole('button', { name: 'Log out all other devices' }).click();
    await yes(page, 'Log out');
    await until('all are out', async () => (await Promise.all(others.map(out))).every(Boolean));
    await main.getByText('You are logged in nowhere else.').waitFor();
  });

  scene(`the second factor: on, at a login, a recovery code, off (${size})`, async (person) => {
    const anna = await person(server, 'Anna', size);
    const { page } = anna;
    const main = page.locator('main');
    await settings(page, 'Two-factor login');
    await look(page, `totp-off-${size}`);
    await main.getByRole('button', { name: 'Turn on' }).click();
    await main.getByRole('img', { name: 'QR code' }).waitFor();
    await look(page, `totp-enrol-${size}`);
    await axe(page);
    const secret = await main.locator('code').innerText();
    await main.getByLabel('Code from the app').fill('000000');
    await main.getByRole('button', { name: 'Confirm' }).click();
    await main.getByText('This code is not right.').waitFor();
    await main.getByLabel('Code from the app').fill(totp(secret));
    await main.getByRole('button', { name: 'Confirm' }).click();
    await main.getByRole('heading', { name: 'Recovery codes' }).waitFor();
    const codes = await main.locator('.totp-codes code').allInnerTexts();
    assert.equal(codes.length, 10);
    await look(page, `totp-codes-${size}`);
    await axe(page);
    await anna.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await main.getByRole('button', { name: 'Copy codes' }).click();
    await page.getByText('Copied').waitFor();
    assert.deepEqual((await page.evaluate(() => navigator.clipboard.readText())).split('\n'), codes);
    await page.evaluate(() => (window.print = () => (document.body.dataset.printed = 'yes')));
    await main.getByRole('button', { name: 'Print' }).click();
    assert.equal(await page.evaluate(() => document.body.dataset.printed), 'yes');
    await page.emulateMedia({ media: 'print' });
    await main.getByText('Parley: Recovery codes').waitFor(); // whose they are
    assert.deepEqual(await main.locator('.totp-codes code').allInnerTexts(), codes);
    assert.equal(await main.getByRole('button', { name: 'Print' }).isVisible(), false);
    await look(page, `totp-print-${size}`);
    const pages = (await page.pdf()).toString('latin1').match(/\/Type\s*\/Page\b/g);
    assert.equal(pages?.length, 1);
    await page.emulateMedia({ media: null });
    await main.getByRole('button', { name: 'I have kept them' }).click();
    await main.getByRole('button', { name: 'Turn off' }).waitFor();
    await logOut_(page);
    await logIn(page, anna.login);
    await page.getByRole('heading', { name: 'One more step' }).waitFor();
    await page.getByLabel('Code').fill(codes[0]);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await listShown(page);
    await settings(page, 'Two-factor login');
    await main.getByRole('button', { name: 'Turn off' }).click();
    await page.getByRole('dialog').getByLabel('Code').fill(codes[0]); // used already
    await yes(page, 'Turn off');
    await page.getByText('This code is not right.').waitFor();
    await axe(page);
    await page.getByRole('dialog').getByLabel('Code').fill(codes[1]);
    await yes(page, 'Turn off');
    await main.getByRole('button', { name: 'Turn on' }).waitFor();
  });

  scene(`privacy: strangers, presence, typing (${size})`, async (person) => {
    const anna = await person(server, 'Anna', size);
    const bert = await person(server, 'Bert', size);
    const cleo = await person(server, 'Cleo', size);
    const { page } = anna;
    const main = page.locator('main');
    await startChat(page, bert.login, 'Bert');
    await write(page, 'hello');
    await row(bert.page, 'Anna').waitFor();
    const uid = await page.evaluate(() => JSON.parse(localStorage.getItem('parley.account')).uid);
    await settings(page, 'Privacy');
    await look(page, `privacy-${size}`);
    await axe(page);
    await main.getByRole('radio', { name: 'Nobody' }).check();
    await until('saved', () => main.getByRole('radio', { name: 'Nobody' }).isChecked());
    await until('guests are not asked about', async () => (await main.getByRole('switch', { name: 'Guests' }).count()) === 0);
    await hash(cleo.page, `c/${uid}`);
    await cleo.page.getByText('This conversation does not exist, or you cannot read it.').waitFor();
    await main.getByRole('radio', { name: 'Everybody' }).check();
    await main.getByRole('switch', { name: 'Guests' }).waitFor();
    await hash(cleo.page, '');
    await startChat(cleo.page, anna.login, 'Anna');
    await write(cleo.page, 'now I may');

    // nobody sees her
    await row(bert.page, 'Anna').locator('.avatar-dot').waitFor();
    await main.getByRole('switch', { name: 'Show when I am online' }).click();
    await yes(page, 'Hide');
    await until('she is not seen', async () => (await row(bert.page, 'Anna').locator('.avatar-dot').count()) === 0);
    await main.getByRole('switch', { name: 'Show when I am online', checked: false }).waitFor();
    await main.getByRole('switch', { name: 'Show when I am online' }).click();
    await row(bert.page, 'Anna').locator('.avatar-dot').waitFor();

    // nor that she types
    const sent = [];
    page.on('websocket', (s) => s.on('framesent', (f) => sent.push(String(f.payload))));
    await main.getByRole('switch', { name: 'Show when I am typing' }).click();
    await page.reload();
    await main.getByRole('switch', { name: 'Show when I am typing', checked: false }).waitFor();
    await toList(page);
    await row(page, 'Bert').click();
    await main.getByRole('textbox', { name: 'Message' }).pressSequentially('psst');
    await main.getByRole('button', { name: 'Send' }).click();
    await until('the message is sent', () => sent.some((f) => f.includes('psst')));
    assert.ok(!sent.some((f) => f.includes('"kp"')));
  });

  scene(`appearance and notifications (${size})`, async (person) => {
    const anna = await person(server, 'Anna', size);
    const { page } = anna;
    const main = page.locator('main');
    // grantPermissions is nothing to a Chromium without windows.
    await anna.context.addInitScript(() => Object.defineProperty(Notification, 'permission', { get: () => 'granted', configurable: true }));
    await page.reload();
    await settings(page, 'Appearance');
    await main.getByRole('radio', { name: 'Dark' }).check();
    await main.getByRole('radio', { name: '150 %' }).check();
    await page.waitForFunction(() => getComputedStyle(document.documentElement).fontSize === '24px');
    await look(page, `look-dark-large-${size}`);
    await axe(page);
    await main.getByRole('radio', { name: '100 %' }).check();
    await look(page, `look-dark-${size}`);
    await axe(page);
    await page.reload();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    for (const [section, file] of [['profile', 'profile'], ['account', 'account'], ['privacy', 'privacy'], ['data', 'data'], ['totp', 'totp']]) {
      await hash(page, `settings/${section}`);
      await main.locator('.card').first().waitFor();
      await look(page, `${file}-dark-${size}`);
      await axe(page);
    }
    await hash(page, 'settings/notifications');
    await main.getByRole('switch', { name: 'Notifications in this browser', checked: true }).waitFor();
    await main.getByRole('switch', { name: 'Show the text' }).click();
    await main.getByRole('switch', { name: 'Sound' }).click();
    await look(page, `notifications-dark-${size}`);
    await axe(page);
    await page.reload();
    await main.getByRole('switch', { name: 'Sound', checked: false }).waitFor();
    await main.getByRole('switch', { name: 'Show the text', checked: false }).waitFor();
  });

  scene(`the download has everything, and can be cancelled; then the account goes (${size})`, async (person) => {
    const anna = await person(server, 'Anna', size);
    const bert = await person(server, 'Bert', size);
    const { page } = anna;
    const main = page.locator('main');
    await startChat(page, bert.login, 'Bert');
    for (let i = 0; i < 3; i++) await write(page, `letter ${i}`);
    await row(bert.page, 'Anna').click();
    await write(bert.page, 'an answer');
    await main.getByText('an answer').first().waitFor();
    // more than a page of messages
    await flood(server, anna, 230);
    await makeGroup(page, 'Club');
    await settings(page, 'Your data');
    await look(page, `data-${size}`);
    await axe(page);

    // cancelled on the way: the connection ends, nothing is saved
    let line = 'hold';
    let ended = false;
    let saved = 0;
    page.on('download', () => saved++);
    await page.routeWebSocket(/channels/, (ws) => {
      const there = ws.connectToServer();
      let held = false; // from the first of them on: the {ctrl} behind them would end it
      there.onMessage((m) => {
        held ||= line === 'hold' && String(m).includes('flood');
        if (held) return;
        if (line === 'cut' && /"desc"/.test(String(m)) && /Bert/.test(String(m))) ws.close();
        else ws.send(m);
      });
      ws.onClose(() => {
        ended = true;
        there.close();
      });
    });
    await main.getByRole('button', { name: 'Prepare the download' }).click();
    await main.getByRole('progressbar').waitFor();
    await until('it waits for messages', async () => /^Chat [1-9]/.test(await main.locator('.data-progress p').innerText()));
    await look(page, `data-progress-${size}`);
    await axe(page);
    await main.getByRole('button', { name: 'Cancel' }).click();
    await main.getByRole('button', { name: 'Prepare the download' }).waitFor();
    await until('the connection is closed', () => ended);
    assert.equal(await main.getByText('The download broke off.').count(), 0);
    assert.equal(saved, 0);

    line = 'open';
    const [download] = await Promise.all([page.waitForEvent('download'), main.getByRole('button', { name: 'Prepare the download' }).click()]);
    assert.match(download.suggestedFilename(), /^parley-\d{4}-\d\d-\d\d\.json$/);
    const all = JSON.parse(await readFile(await download.path(), 'utf8'));
    assert.equal(all.profile.desc.public.fn, 'Anna');
    assert.ok(all.profile.tags.includes(`basic:${anna.login}`));
    const chat = all.conversations.find((c) => c.public?.fn === 'Bert');
    const texts = chat.messages.map((m) => m.content?.txt ?? m.content);
    for (const text of ['letter 0', 'letter 1', 'letter 2', 'an answer', 'flood 0', 'flood 229']) assert.ok(texts.includes(text), text);
    assert.deepEqual(chat.messages.map((m) => m.seq), Array.from({ length: 234 }, (_, i) => 234 - i));
    const club = all.conversations.find((c) => c.public?.fn === 'Club');
    assert.equal(club.members.length, 1);
    assert.doesNotMatch(JSON.stringify(all), /token/i);
    await main.getByText('Done. The file was saved').waitFor();

    // the line breaks down: said, and nothing saved
    line = 'cut';
    await main.getByRole('button', { name: 'Prepare the download' }).click();
    await main.getByText('The download broke off.').waitFor();
    await look(page, `data-failed-${size}`);

    await main.getByRole('button', { name: 'Delete account…' }).click();
    line = 'open';
    const sure = page.getByRole('dialog');
    await sure.getByRole('textbox', { name: 'to confirm' }).fill('somebody');
    await yes(page, 'Delete your account');
    await page.getByText('This is not your login name.').waitFor();
    await page.getByText('Enter your password.').waitFor();
    await look(page, `erase-${size}`);
    await axe(page);
    await sure.getByRole('textbox', { name: 'to confirm' }).fill(anna.login);
    await sure.getByLabel('Password', { exact: true }).fill('not this one');
    await yes(page, 'Delete your account');
    await page.getByText('Login name or password is wrong.').waitFor();
    await sure.getByLabel('Password', { exact: true }).fill(password);
    await yes(page, 'Delete your account');
    await page.getByLabel('Login name').waitFor();
    await until('nothing is kept', () => page.evaluate(async () => (await indexedDB.databases()).length === 0));
    await logIn(page, anna.login);
    await page.getByText('Login name or password is wrong.').waitFor();
    await until('Bert is told', async () => (await row(bert.page, 'Anna').count()) === 0);
  });
}

async function logOut_(page) {
  await toList(page);
  await logOut(page);
}

// flood sends n messages to Bert by the protocol, faster than typing would.
async function flood(server, who, n) {
  await who.page.evaluate(
    async ([login, pass, n]) => {
      const { apiKey } = await (await fetch('client.json')).json();
      const socket = new WebSocket(`ws://${location.host}/v0/channels?apikey=${apiKey}`);
      await new Promise((ready) => (socket.onopen = ready));
      const waiting = new Map();
      socket.onmessage = (e) => {
        const { ctrl, meta } = JSON.parse(e.data);
        const id = (ctrl ?? meta)?.id;
        waiting.get(id)?.(ctrl ?? meta);
      };
      let last = 0;
      const ask = (kind, body) =>
        new Promise((done) => {
          const id = String(++last);
          waiting.set(id, done);
          socket.send(JSON.stringify({ [kind]: { id, ...body } }));
        });
      await ask('hi', { ver: '0.25' });
      await ask('login', { scheme: 'basic', secret: btoa(`${login}:${pass}`) });
      await ask('sub', { topic: 'me' });
      const { sub } = await ask('get', { topic: 'me', what: 'sub' });
      const topic = sub.find((s) => s.topic.startsWith('usr')).topic;
      await ask('sub', { topic });
      for (let i = 0; i < n; i++) {
        const answer = await ask('pub', { topic, noecho: true, content: `flood ${i}` });
        if (answer.code === 429) {
          await new Promise((r) => setTimeout(r, (answer.params?.retry ?? 1) * 1000));
          i--;
        }
      }
      socket.close();
    },
    [who.login, password, n],
  );
}

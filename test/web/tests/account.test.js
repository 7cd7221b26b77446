import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe } from '../lib/axe.js';
import { Browser, endBrowsers } from '../lib/browser.js';
import { listShown, logIn, logOut, password, person, row, signUp, startChat, write } from '../lib/people.js';
import { Server } from '../lib/server.js';

const server = new Server();
before(() => server.start());
after(async () => {
  await endBrowsers();
  await server.close();
});

test('two people sign up, find each other and talk', async () => {
  const anna = await person(server, 'Anna');
  const bert = await person(server, 'Bert', 'phone');
  await startChat(anna.page, bert.login, 'Bert');
  await write(anna.page, 'Hello Bert!');
  await row(bert.page, 'Anna').getByText('Hello Bert!').waitFor();
  await row(bert.page, 'Anna').getByText('1 unread message').waitFor();
  await row(bert.page, 'Anna').click();
  await bert.page.locator('main').getByText('Hello Bert!').waitFor();
  await write(bert.page, 'Hello Anna');
  await anna.page.locator('main').getByText('Hello Anna', { exact: true }).waitFor();
  await anna.close();
  await bert.close();
});

test('a reload stays logged in, and has the list', async () => {
  const anna = await person(server, 'Anna');
  const bert = await person(server, 'Bert');
  await startChat(anna.page, bert.login, 'Bert');
  await write(anna.page, 'still here');
  await row(anna.page, 'Bert').getByText('still here').waitFor();
  await anna.page.goto('');
  await anna.page.reload();
  await row(anna.page, 'Bert').getByText('still here').waitFor();
  await anna.close();
  await bert.close();
});

test('nothing of one user is left for the next', async () => {
  const anna = await person(server, 'Anna');
  const bert = await person(server, 'Bert');
  await startChat(anna.page, bert.login, 'Bert');
  await write(anna.page, 'a secret');
  await row(anna.page, 'Bert').getByText('a secret').waitFor();
  const old = await anna.page.evaluate(() => JSON.parse(localStorage.getItem('parley.account')));
  await logOut(anna.page);
  const kept = () =>
    anna.page.evaluate(async () => ({
      databases: (await indexedDB.databases()).map((d) => d.name),
      keys: Object.keys(localStorage).filter((k) => !/parley\.(prefs|server)$/.test(k)),
      session: Object.keys(sessionStorage),
    }));
  assert.deepEqual(await kept(), { databases: [], keys: [], session: [] });
  await signUp(anna.page, { name: 'Carla', login: `carla${Date.now()}` });
  await anna.page.getByRole('heading', { name: 'No chats yet' }).waitFor();
  assert.doesNotMatch(await anna.page.content(), /a secret|Bert/);
  assert.ok((await kept()).databases.every((name) => !name.includes(old.uid)));
  // the token of the first is void on the server, too
  const answer = await anna.page.evaluate(async (token) => {
    const { apiKey } = await (await fetch('client.json')).json();
    const socket = new WebSocket(`ws://${location.host}/v0/channels?apikey=${apiKey}`);
    await new Promise((ready) => (socket.onopen = ready));
    return await new Promise((done) => {
      socket.onmessage = (e) => {
        const { ctrl } = JSON.parse(e.data);
        if (ctrl.id === '2') done(ctrl.code);
      };
      socket.send(JSON.stringify({ hi: { id: '1', ver: '0.25' } }));
      socket.send(JSON.stringify({ login: { id: '2', scheme: 'token', secret: token } }));
    });
  }, old.token);
  assert.equal(answer, 401);
  await anna.close();
  await bert.close();
});

test('logging out in one tab is logging out in the other', async () => {
  const anna = await person(server, 'Anna');
  const other = await anna.context.newPage();
  await other.goto('');
  await listShown(other);
  await logOut(anna.page);
  await other.getByLabel('Login name').waitFor();
  await logIn(other, anna.login);
  await listShown(other);
  await listShown(anna.page);
  await anna.close();
});

test('a wrong password, and what else can be wrong', async () => {
  const anna = await person(server, 'Anna');
  await logOut(anna.page);
  const { page } = anna;
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByText('Enter your login name.').waitFor();
  await logIn(page, anna.login, 'not this one');
  await page.getByRole('alert').getByText('Login name or password is wrong.').waitFor();
  await axe(page);
  await logIn(page, anna.login);
  await listShown(page);
  await logOut(page);
  await page.getByRole('link', { name: 'Create account' }).click();
  await page.getByLabel('Your name').fill('Another Anna');
  await page.getByLabel('Login name').fill(anna.login);
  await page.getByLabel('Password', { exact: true }).fill('x');
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText('Too short: at least 6 characters.').waitFor();
  await page.waitForFunction(() => document.activeElement.name === 'password');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText('This login name is taken.').waitFor();
  await axe(page);
  await anna.close();
});

test('by the keyboard alone: sign up, find somebody, write', async () => {
  const bert = await person(server, 'Bert');
  const anna = await Browser.open(server);
  const { page } = anna;
  const { keyboard } = page;
  const tabTo = async (name) => {
    for (let i = 0; i < 25; i++) {
      const label = await page.evaluate(() => {
        const e = document.activeElement;
        return e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent;
      });
      if (label?.trim().startsWith(name)) return;
      await keyboard.press('Tab');
    }
    throw new Error(`Tab does not come to ${name}`);
  };
  await page.goto('');
  await page.getByLabel('Login name').waitFor();
  await tabTo('Create account');
  await keyboard.press('Enter');
  await page.getByLabel('Your name').waitFor();
  await tabTo('Your name');
  await keyboard.type('Keya');
  await keyboard.press('Tab');
  await keyboard.type(`keya${Date.now()}`);
  await keyboard.press('Tab');
  await keyboard.type(password);
  await keyboard.press('Enter');
  await listShown(page);
  await tabTo('New chat');
  await keyboard.press('Enter');
  await page.getByRole('searchbox', { name: 'Name, login' }).waitFor();
  await tabTo('Name, login');
  await keyboard.type(bert.login);
  await page.getByRole('link', { name: 'Bert' }).waitFor();
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await page.locator('main').getByRole('heading', { name: 'Bert' }).waitFor();
  await tabTo('Message');
  await keyboard.type('no mouse');
  await keyboard.press('Enter');
  await row(bert.page, 'Keya').getByText('no mouse').waitFor();
  await anna.close();
  await bert.close();
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { axe } from '../lib/axe.js';
import { Browser, endBrowsers } from '../lib/browser.js';
import { listShown, logIn, logOut, password, person } from '../lib/people.js';
import { Server } from '../lib/server.js';

// Who may make an account, and a server that is not there.

const run = promisify(execFile);
const closed = new Server({ registration: { mode: 'closed' } });
const invited = new Server({ registration: { mode: 'invite' } });
const open = new Server();
const all = [closed, invited, open];
before(() => Promise.all(all.map((s) => s.start())));
after(async () => {
  await endBrowsers();
  await Promise.all(all.map((s) => s.close()));
});

// operator runs one of the operator's commands on a running server.
async function operator(server, ...args) {
  const { stdout } = await run(process.env.PARLEY_BIN, [...args, '--data', server.data, '--json']);
  return JSON.parse(stdout);
}

async function form(page, { name, login, pass = password, invite }) {
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('Login name').fill(login);
  await page.getByLabel('Password', { exact: true }).fill(pass);
  if (invite !== undefined) await page.getByLabel('Invitation code').fill(invite);
  await page.getByRole('button', { name: 'Create account' }).click();
}

test('closed: the operator makes accounts, nobody else', async () => {
  const b = await Browser.open(closed);
  const { page } = b;
  await page.goto('#/signup'); // by an old link, too
  await page.getByText('New accounts are made by the administrator here.').waitFor();
  assert.equal(await page.getByRole('link', { name: 'Create account' }).count(), 0);
  assert.equal(await page.getByLabel('Your name').count(), 0);
  await axe(page);
  const made = await operator(closed, 'user', 'add', 'emil', '--name', 'Emil', '--generate');
  await logIn(page, 'emil', made.password);
  await listShown(page);
  await b.close();
});

test('by invitation, typed', async () => {
  const b = await Browser.open(invited);
  const { page } = b;
  const { code } = await operator(invited, 'invite', 'new');
  await page.goto('');
  await page.getByRole('link', { name: 'Create account' }).click();
  await form(page, { name: 'Frida', login: 'frida', invite: 'nonsense' });
  await page.getByText('This invitation is not valid, or used up.').waitFor();
  await page.waitForFunction(() => document.activeElement.name === 'invite');
  await axe(page);
  await form(page, { name: 'Frida', login: 'frida', invite: '' });
  await page.getByText('This invitation is not valid, or used up.').waitFor();
  await form(page, { name: 'Frida', login: 'frida', invite: ` ${code.toUpperCase()} ` });
  await listShown(page);
  await logOut(page);
  await page.getByRole('link', { name: 'Create account' }).click();
  await form(page, { name: 'Gina', login: 'gina', invite: code }); // it was good once
  await page.getByText('This invitation is not valid, or used up.').waitFor();
  await b.close();
});

test('by invitation, from a link', async () => {
  const b = await Browser.open(invited, 'phone');
  const { page } = b;
  const { code } = await operator(invited, 'invite', 'new');
  await page.goto(`v0/invite/${code}`);
  await page.getByRole('link', { name: 'Create account' }).click();
  await form(page, { name: 'Hans', login: 'hans' });
  await listShown(page);
  await b.close();
});

test('a login that is taken, a password that is too short', async () => {
  const anna = await person(open, 'Anna');
  const b = await Browser.open(open, 'phone');
  const { page } = b;
  await page.goto('');
  await page.getByRole('link', { name: 'Create account' }).click();
  await form(page, { name: 'Other Anna', login: anna.login, pass: '12345' });
  await page.getByText('Too short: at least 6 characters.').waitFor();
  await form(page, { name: 'Other Anna', login: anna.login });
  await page.getByText('This login name is taken.').waitFor();
  await page.waitForFunction(() => document.activeElement.name === 'username');
  assert.equal(await page.getByLabel('Your name').inputValue(), 'Other Anna'); // nothing has to be typed again
  await form(page, { name: 'Other Anna', login: `${anna.login}x` });
  await listShown(page);
  await b.close();
  await anna.close();
});

test('the server is away at login, and comes back', async () => {
  const server = await new Server().start();
  const anna = await person(server, 'Anna');
  const { page } = anna;
  anna.allow.push('ERR_CONNECTION_REFUSED', /WebSocket/);
  await logOut(page);
  await server.stop();
  await logIn(page, anna.login);
  await page.getByText('No connection to the server. Check your network and try again.').waitFor();
  await axe(page);
  assert.equal(await page.getByLabel('Login name').inputValue(), anna.login);
  await server.start();
  await logIn(page, anna.login);
  await listShown(page);
  await anna.close();
  await server.close();
});

test('the server is away when the page of somebody is opened', async () => {
  const server = await new Server().start();
  const anna = await person(server, 'Anna');
  const { page } = anna;
  anna.allow.push('ERR_CONNECTION_REFUSED', /WebSocket/, 'ERR_EMPTY_RESPONSE', 'ERR_CONNECTION_RESET');
  await server.stop('SIGKILL');
  await page.getByRole('button', { name: 'Try now' }).waitFor();
  await server.start();
  await page.getByRole('button', { name: 'Try now' }).click();
  await page.getByRole('button', { name: 'Try now' }).waitFor({ state: 'detached' });
  await anna.close();
  await server.close();
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe } from '../lib/axe.js';
import { Browser, endBrowsers } from '../lib/browser.js';
import { listShown, person, row, startChat, toList, write } from '../lib/people.js';
import { Server } from '../lib/server.js';
import { until } from '../lib/until.js';

const server = new Server();
let anna, bert, cleo;
before(async () => {
  await server.start();
  [anna, bert, cleo] = [await person(server, 'Anna Berg'), await person(server, 'Bert Adams', 'phone'), await person(server, 'Cleo Ng')];
  await startChat(bert.page, anna.login, 'Anna Berg');
  await write(bert.page, 'The first one');
  await startChat(cleo.page, anna.login, 'Anna Berg');
  await write(cleo.page, 'From Cleo');
  await row(anna.page, 'Cleo').getByText('From Cleo').waitFor();
  await row(anna.page, 'Bert').getByText('The first one').waitFor();
});
after(async () => {
  await endBrowsers();
  await server.close();
});

const names = async (page) => (await page.locator('.side .row .row-title').allTextContents()).map((s) => s.split(' ')[0]);
const menu = async (page, name, item) => {
  await row(page, name).click({ button: 'right' });
  await page.getByRole('menuitem', { name: item, exact: true }).click();
};

test('the list: newest first, unread, online, in the title of the page', async () => {
  const { page } = anna;
  assert.deepEqual(await names(page), ['Cleo', 'Bert']);
  await row(page, 'Cleo').getByText('1 unread message').waitFor();
  await row(page, 'Cleo').getByText('online').waitFor({ state: 'attached' });
  await until('the title counts', async () => (await page.title()).startsWith('(2)'));
  await axe(page);
});

test('typing is shown, and ends', async () => {
  await toList(bert.page);
  await row(bert.page, 'Anna').click();
  await bert.page.locator('main').getByRole('textbox', { name: 'Message' }).pressSequentially('hm');
  await row(anna.page, 'Bert').getByText('typing…').waitFor();
  await row(anna.page, 'Bert').getByText('The first one').waitFor();
});

test('pin, mute, archive, and back', async () => {
  const { page } = anna;
  await menu(page, 'Bert', 'Pin to the top');
  await until('Bert is first', async () => (await names(page))[0] === 'Bert');
  await menu(page, 'Cleo', 'Mute');
  await row(page, 'Cleo').getByText('Muted').waitFor({ state: 'attached' });
  await page.reload();
  await row(page, 'Cleo').getByText('Muted').waitFor({ state: 'attached' });
  assert.deepEqual(await names(page), ['Bert', 'Cleo']);
  await menu(page, 'Cleo', 'Unmute');
  await row(page, 'Cleo').getByText('Muted').waitFor({ state: 'detached' });
  await menu(page, 'Cleo', 'Archive');
  await page.getByRole('button', { name: '1 archived chat' }).click();
  await row(page, 'Cleo').waitFor();
  await axe(page);
  await menu(page, 'Cleo', 'Move out of the archive');
  await page.getByRole('heading', { name: 'The archive is empty' }).waitFor();
  await toList(page);
  await menu(page, 'Bert', 'Unpin');
  await row(page, 'Cleo').waitFor();
});

test('a press beside a menu closes it, and does nothing else', async () => {
  const { page } = anna;
  const menus = page.getByRole('menu');
  const account = page.getByRole('button', { name: 'Account and settings' });
  await account.click();
  await menus.waitFor();
  await account.click();
  await menus.waitFor({ state: 'detached' });
  await account.click(); // and open again
  await menus.waitFor();
  const before = page.url();
  await row(page, 'Cleo').click({ position: { x: 330, y: 30 } }); // beside the menu
  await menus.waitFor({ state: 'detached' });
  await account.click();
  await menus.waitFor();
  assert.equal(page.url(), before);
  await page.keyboard.press('Escape');
  await menus.waitFor({ state: 'detached' });
});

test('mark as read, by the keyboard', async () => {
  const { page } = anna;
  await row(page, 'Cleo').focus();
  await page.keyboard.press('Shift+F10');
  await page.getByRole('menuitem', { name: 'Mark as read' }).waitFor();
  await axe(page);
  await page.keyboard.press('Escape');
  await page.getByRole('menu').waitFor({ state: 'detached' });
  await page.waitForFunction(() => /Cleo/.test(document.activeElement.textContent));
  await page.keyboard.press('Shift+F10');
  await page.keyboard.press('Enter');
  await row(page, 'Cleo').getByText('1 unread message').waitFor({ state: 'detached' });
  await page.keyboard.press('ArrowDown');
  await page.waitForFunction(() => /Bert/.test(document.activeElement.textContent));
});

test('searching in the list, and from there among all', async () => {
  const { page } = anna;
  const field = page.getByRole('searchbox', { name: 'Search chats' });
  await field.fill('ada');
  await until('only Bert', async () => (await names(page)).join() === 'Bert');
  await field.fill('zzz');
  await page.getByRole('heading', { name: 'Nothing found' }).waitFor();
  await axe(page);
  await page.getByRole('button', { name: 'Search for people' }).click();
  await page.getByRole('heading', { name: 'Nobody found' }).waitFor();
  assert.equal(await page.getByRole('searchbox').inputValue(), 'zzz');
  await axe(page);
  await toList(page);
  await field.fill('');
});

test('a message arrives while nobody looks', async () => {
  await anna.page.goto('#/');
  await write(cleo.page, 'Are you there?');
  await row(anna.page, 'Cleo').getByText('Are you there?').waitFor();
});

test('the connection is lost and comes back', async () => {
  const { page } = anna;
  anna.allow.push('WebSocket', 'ERR_CONNECTION_REFUSED', 'ERR_INTERNET_DISCONNECTED');
  cleo.allow.push('WebSocket', 'ERR_CONNECTION_REFUSED');
  bert.allow.push('WebSocket', 'ERR_CONNECTION_REFUSED');
  await server.stop('SIGKILL');
  await page.getByRole('status').getByText('Waiting for the network').waitFor();
  await axe(page);
  // what was read is there without a server
  await row(page, 'Bert').click();
  await page.locator('main').getByText('The first one').waitFor();
  await server.start();
  for (const p of [page, cleo.page]) {
    await p.getByRole('button', { name: 'Try now' }).click({ timeout: 5_000 }).catch(() => {}); // it may have come back by itself
    await p.getByText('Waiting for the network').waitFor({ state: 'detached' });
  }
  await write(cleo.page, 'Back again');
  await row(page, 'Cleo').getByText('Back again').waitFor();
});

test('inviting by a link', async () => {
  const { page } = cleo;
  await toList(page);
  await page.getByRole('button', { name: 'New chat' }).first().click();
  await axe(page);
  await page.getByRole('button', { name: 'Invite people' }).click();
  const address = await page.getByRole('textbox', { name: 'Your link' }).inputValue();
  await page.getByRole('img', { name: 'QR code of your link' }).waitFor();
  await axe(page);
  const dora = await Browser.open(server, 'narrow');
  await dora.page.goto(address);
  await dora.page.getByRole('link', { name: 'Create account' }).click();
  await dora.page.getByLabel('Your name').fill('Dora');
  await dora.page.getByLabel('Login name').fill('doradora');
  await dora.page.getByLabel('Password', { exact: true }).fill('correct horse');
  await dora.page.getByRole('button', { name: 'Create account' }).click();
  await dora.page.locator('main').getByRole('heading', { name: 'Cleo Ng' }).waitFor();
  await write(dora.page, 'You invited me');
  await toList(page);
  await row(page, 'Dora').getByText('You invited me').waitFor();
  await dora.close();
});

test('deleting a conversation', async () => {
  const { page } = anna;
  await page.goto('#/');
  await listShown(page);
  await menu(page, 'Bert', 'Delete chat');
  await page.getByRole('dialog').waitFor();
  await axe(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Delete chat' }).click();
  await row(page, 'Bert').waitFor({ state: 'detached' });
  await page.reload();
  await row(page, 'Cleo').waitFor();
  assert.deepEqual(await names(page), ['Cleo']);
});

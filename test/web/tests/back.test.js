import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { endBrowsers } from '../lib/browser.js';
import { info, look, makeGroup, topicOf } from '../lib/groups.js';
import { listShown, logOut, toList, write } from '../lib/people.js';
import { photo } from '../lib/photo.js';
import { scene } from '../lib/scene.js';
import { Server } from '../lib/server.js';
import { until } from '../lib/until.js';

const server = new Server();
before(() => server.start());
after(async () => {
  await endBrowsers();
  await server.close();
});

const path = (page) => page.evaluate(() => location.hash);
const back = (page) => page.evaluate(() => history.back());

scene('Back closes what is on top, and then leads back', async (person) => {
  const anna = await person(server, 'Anna', 'phone');
  const { page } = anna;
  const main = page.locator('main');
  const topic = await makeGroup(page, 'Walks');
  await toList(page);
  await page.locator('.row', { hasText: 'Walks' }).click();
  await write(page, 'the first');
  await page.locator('input[type=file]').setInputFiles(photo(900, 500));
  await page.locator('.composer-files img').waitFor();
  await main.getByRole('button', { name: 'Send', exact: true }).click();
  const picture = page.locator('article .picture');
  await picture.locator('img.is-there').waitFor();
  const here = await path(page);
  assert.equal(await topicOf(page), topic);

  // closes: Back takes away what was opened, and only that.
  const closes = async (target) => {
    await target.waitFor();
    await back(page);
    await target.waitFor({ state: 'detached' });
    assert.equal(await path(page), here);
  };
  const menu = page.getByRole('menu');
  const message = page.locator('article', { hasText: 'the first' }).locator('.bubble');
  const openMenu = async () => {
    await message.dispatchEvent('contextmenu', { clientX: 100, clientY: 200, bubbles: true });
    await menu.waitFor();
  };
  await picture.click();
  await closes(page.locator('dialog.viewer'));
  await main.getByRole('button', { name: 'Emoji' }).click();
  const picker = page.getByRole('dialog', { name: 'Emoji' });
  await picker.waitFor();
  assert.equal(await picker.locator('input').evaluate((e) => e === document.activeElement), false, 'no keyboard over the emoji');
  await closes(picker);
  await openMenu();
  await closes(menu);

  // a menu makes room for a dialog; Back closes that, and no menu comes again
  await openMenu();
  await menu.getByRole('menuitem', { name: 'Delete' }).click();
  await closes(page.getByRole('dialog'));
  assert.equal(await menu.count(), 0);

  // several messages that are being chosen
  const chosen = page.getByRole('heading', { name: '1 selected' });
  await openMenu();
  await menu.getByRole('menuitem', { name: 'Select' }).click();
  await chosen.waitFor();
  await closes(chosen);
  await openMenu();
  await menu.getByRole('menuitem', { name: 'Select' }).click();
  await chosen.waitFor();
  await page.keyboard.press('Escape'); // wherever the focus is
  await chosen.waitFor({ state: 'detached' });

  // closed by a button: Back leads on, by one page
  await openMenu();
  await menu.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await back(page);
  await listShown(page);

  // a choice of a menu that leads elsewhere: from there back to where it was opened
  await page.getByRole('button', { name: 'Account and settings' }).click();
  await menu.getByRole('menuitem', { name: 'Settings' }).click();
  await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
  await back(page);
  await listShown(page);

  // a question about the group, not answered
  await info(page, topic);
  await page.getByRole('button', { name: 'Delete group' }).click();
  await page.getByRole('dialog').waitFor();
  await look(page, 'back-question');
  await back(page);
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Delete group' }).waitFor();
  await back(page);
  await until('one step back', async () => !(await path(page)).includes('info'));
  await listShown(page);
});

scene('the conversation stays beside a search for people; the user himself logged out in the other tab', async (person) => {
  const anna = await person(server, 'Xavier \u202Egnp.exe', 'desktop');
  const { page } = anna;
  const main = page.getByRole('main', { name: 'Conversation' });
  await makeGroup(page, 'Walks');
  await page.getByRole('button', { name: 'Back' }).click();
  await main.getByRole('textbox', { name: 'Message' }).fill('not sent yet');
  await page.getByRole('button', { name: 'New chat' }).first().click();
  await page.getByRole('heading', { name: 'New chat' }).waitFor();
  assert.equal(await main.getByRole('textbox', { name: 'Message' }).inputValue(), 'not sent yet');
  await page.getByRole('button', { name: 'New group' }).click();
  assert.equal(await page.getByRole('button', { name: 'Choose a picture' }).count(), 1);
  await main.getByRole('heading', { name: 'Walks' }).waitFor();
  await page.evaluate(() => (location.hash = '#/settings/profile'));
  await page.getByRole('main', { name: 'Settings' }).waitFor();
  assert.equal(await page.getByLabel('Your name').inputValue(), 'Xavier gnp.exe');
  await page.evaluate(() => (location.hash = '#/'));
  await page.getByText('Select a chat').waitFor();

  // large text on the smallest phone: nothing beside the screen, a name to read
  const other = await anna.context.newPage();
  await other.addInitScript(() => localStorage.setItem('parley.prefs', JSON.stringify({ theme: 'dark', textSize: 150, language: 'ru' })));
  await other.setViewportSize({ width: 360, height: 640 });
  await other.goto('');
  const search = other.getByRole('searchbox');
  await search.waitFor();
  const box = await search.locator('..').boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= 360, 'the field is on the screen');
  await other.locator('.row', { hasText: 'Walks' }).click();
  const name = other.locator('.conversation-head h1');
  await name.waitFor();
  assert.ok((await name.boundingBox()).width > 60, 'there is room for the name');
  await look(other, 'large-text');

  await logOut(page);
  await other.locator('form').waitFor();
  assert.equal(await other.locator('.banner').count(), 0, 'nobody was thrown out');
});

import { after, before, test } from 'node:test';
import { axe } from '../lib/axe.js';
import { Browser, endBrowsers } from '../lib/browser.js';
import { hash, makeGroup } from '../lib/groups.js';
import { listShown, person, row, startChat, toList, write } from '../lib/people.js';
import { picture } from '../lib/picture.js';
import { Server } from '../lib/server.js';

// What every page looks like, on a desk and on a phone, light and dark.

const server = new Server();
let anna, bert, club;
before(async () => {
  await server.start();
  anna = await person(server, 'Anna Berg');
  bert = await person(server, 'Bert Adams');
  await startChat(bert.page, anna.login, 'Anna Berg');
  await write(bert.page, 'Shall we meet at the station at noon? The train leaves ten minutes later.');
  await row(anna.page, 'Bert').getByText('Shall we').waitFor();
  club = await makeGroup(anna.page, 'Walking club', { note: 'Every other Sunday, in any weather.', join: 'Whoever is let in' });
});
after(async () => {
  await endBrowsers();
  await server.close();
});

// Colours of avatars depend on IDs, which are random.
const mask = (page) => [page.locator('.avatar'), page.locator('.invite-link'), page.getByRole('img', { name: 'QR' })];

const looks = [['desktop', 'light'], ['phone', 'dark'], ['narrow', 'light']];

for (const [size, colorScheme] of looks) {
  test(`${size}, ${colorScheme}`, async () => {
    const b = await Browser.open(server, size, { colorScheme });
    const { page } = b;
    const shot = async (name, of = page) => {
      await axe(of);
      await picture(of, `${size}-${colorScheme}-${name}`, { mask: mask(of) });
    };
    await page.goto('');
    await page.getByLabel('Login name').waitFor();
    await shot('login');
    await page.getByRole('link', { name: 'Create account' }).click();
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByText('Enter your name.').waitFor();
    await shot('signup');
    await page.getByRole('link', { name: 'I have an account' }).click();
    await page.getByLabel('Login name').fill(anna.login);
    await page.getByLabel('Password', { exact: true }).fill('correct horse');
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await listShown(page);
    await row(page, 'Bert').getByText('Shall we').waitFor();
    await shot('list');
    await page.getByRole('button', { name: 'Account and settings' }).click();
    await page.getByRole('menuitem', { name: 'Log out' }).waitFor();
    await shot('menu');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'New chat' }).first().click();
    await page.getByRole('button', { name: 'Invite people' }).click();
    await page.getByRole('img', { name: 'QR' }).waitFor();
    await shot('invite');
    await toList(page);
    await row(page, 'Bert').click();
    await page.locator('main').getByText('Shall we').waitFor();
    await axe(page); // the picture is with the tests of the conversation
    await hash(page, `c/${club}/info`);
    await page.getByRole('heading', { name: 'Walking club', level: 2 }).waitFor();
    await page.getByText('Every other Sunday').first().waitFor();
    await shot('group');
    await hash(page, 'settings/appearance');
    await page.locator('main').getByRole('heading', { name: 'Appearance', level: 1 }).waitFor();
    await shot('settings');
    await b.close();
  });
}

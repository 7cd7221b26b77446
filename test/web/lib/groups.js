import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { toList } from './people.js';

// What people do with groups.

// look keeps a picture of the page for whoever wants to see it, where
// PARLEY_LOOK names a folder.
export async function look(page, name) {
  const folder = process.env.PARLEY_LOOK;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' });
}

// hash leads the page to an address of ours, as a link of somebody would.
export const hash = (page, to) => page.evaluate((h) => (location.hash = h), `#/${to}`);

// topicOf is the name of the conversation that is open.
export const topicOf = (page) => page.evaluate(() => decodeURIComponent(location.hash.split('/')[2] ?? ''));

// makeGroup makes one by its form and returns its name on the server.
export async function makeGroup(page, name, { channel = false, join = '', note = '' } = {}) {
  await toList(page);
  await page.getByRole('button', { name: 'New chat' }).first().click();
  await page.getByRole('button', { name: channel ? 'New channel' : 'New group' }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  if (note) await page.getByLabel('Description').fill(note);
  if (join) await page.getByRole('radio', { name: join }).check();
  await page.getByRole('button', { name: channel ? 'Create channel' : 'Create group' }).click();
  await page.getByRole('heading', { name: channel ? 'Add authors' : 'Invite people' }).waitFor();
  return topicOf(page);
}

// info opens a page of the details of a conversation.
export async function info(page, topic, sub = '') {
  await hash(page, `c/${topic}/info${sub && `/${sub}`}`);
}

// add makes somebody a member by the page for it.
export async function add(page, topic, person) {
  await info(page, topic, 'invite');
  await page.getByRole('searchbox', { name: 'Name, login' }).fill(person.login);
  await page.getByRole('checkbox', { name: person.name }).check();
  await page.getByRole('button', { name: 'Add 1 person' }).click();
  await page.getByText('1 person was added').waitFor();
  await page.waitForFunction(() => !location.hash.includes('invite')); // it leads back by itself
}

// member opens the page of one.
export async function member(page, topic, name) {
  await info(page, topic, 'members');
  await page.locator('.panel').getByRole('link', { name }).click();
  await page.locator('.panel').getByRole('heading', { name, level: 2 }).waitFor();
}

export const yes = (page, name) => page.getByRole('dialog').getByRole('button', { name, exact: true }).click();

// png is a picture of one colour, as a file that somebody chooses.
export function png(width = 600, height = 400) {
  const image = new PNG({ width, height });
  for (let i = 0; i < image.data.length; i += 4) image.data.set([(i / 4) % width > width / 2 ? 220 : 30, 120, 90, 255], i);
  return { name: 'picture.png', mimeType: 'image/png', buffer: PNG.sync.write(image) };
}

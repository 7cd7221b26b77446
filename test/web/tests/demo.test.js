import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe } from '../lib/axe.js';
import { Browser, endBrowsers } from '../lib/browser.js';
import { listShown, logIn } from '../lib/people.js';
import { Server } from '../lib/server.js';
import { until } from '../lib/until.js';

// A row of the list begins with the name.
const row = (page, name) => page.getByRole('link', { name: new RegExp(`^${name}`) });

// What somebody sees who starts Parley with --demo to have a look.

const server = new Server({ registration: { mode: 'closed' } }, ['--demo']);
before(() => server.start());
after(async () => {
  await endBrowsers();
  await server.close();
});

test('--demo: log in as one of those who were printed, and find conversations', async () => {
  const people = await until('the start says who is there', () => {
    const list = [...server.said.matchAll(/^(\w+) +(\w{12}) +([A-Z].*)$/gm)];
    return list.length >= 4 && list;
  });
  const [, login, password] = people[0];
  const b = await Browser.open(server, 'phone');
  const { page } = b;
  await page.goto('');
  await logIn(page, login, password);
  await listShown(page);
  for (const name of ['Ben Okafor', 'Chen Li', 'Saturday hike', 'Town Library']) await row(page, name).waitFor();
  await row(page, 'Ben Okafor').getByText('2 unread messages').waitFor();
  await row(page, 'Ben Okafor').getByText('And bring the 1:25 000 map').waitFor();
  await axe(page);
  b.allow.push('ERR_CONNECTION_REFUSED', /WebSocket/);
  await server.stop();
  await server.start(); // once more with --demo: the same people, and nothing new
  assert.doesNotMatch(server.said, new RegExp(password));
  await page.goto('');
  await page.reload();
  await row(page, 'Ben Okafor').getByText('2 unread messages').waitFor();
  await b.close();
});

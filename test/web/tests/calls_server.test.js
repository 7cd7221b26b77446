import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Browser, endBrowsers } from '../lib/browser.js';
import { active, button, call, hears, nothingRuns, over, spy, webrtc } from '../lib/calls.js';
import { row, signUp, startChat, write } from '../lib/people.js';
import { Server } from '../lib/server.js';

// Calls and what the server does: none offered, nobody answers, it ends.

const servers = [];
const start = (config) => {
  const server = new Server(config);
  servers.push(server);
  return server.start();
};
after(async () => {
  await endBrowsers();
  for (const s of servers) await s.close();
});

async function two(server) {
  const all = [];
  for (const name of ['Anna', 'Bert']) {
    const b = await Browser.open(server);
    b.login = `${name.toLowerCase()}login`;
    await spy(b);
    await b.page.goto('');
    await signUp(b.page, { name, login: b.login });
    all.push(b);
  }
  await startChat(all[0].page, all[1].login, 'Bert');
  await write(all[0].page, 'Hello');
  await row(all[1].page, 'Anna').getByText('Hello').waitFor();
  return all;
}
const main = (b, name) => b.page.locator('main').getByRole('button', { name, exact: true });

test('no buttons where the server has no calls', async () => {
  const server = await start({});
  const [anna, bert] = await two(server);
  assert.equal(await main(anna, 'Call').count() + (await main(anna, 'Video call').count()), 0);
  await anna.close();
  await bert.close();
});

test('nobody answers', async () => {
  const server = await start({ webrtc: { ...webrtc, call_establishment_timeout: 3 } });
  const [anna, bert] = await two(server);
  await main(anna, 'Call').click();
  await button(bert.page, 'Answer').waitFor();
  await call(anna.page).getByText('Bert did not answer').waitFor();
  await over(anna.page);
  await over(bert.page);
  await nothingRuns(anna.page, 'Anna');
  await nothingRuns(bert.page, 'Bert');
  await row(bert.page, 'Anna').getByText('Missed call').waitFor();
  await row(anna.page, 'Bert').getByText('No answer').waitFor();
  // a page that is loaded later does not ring
  await bert.page.reload();
  await row(bert.page, 'Anna').getByText('Missed call').waitFor();
  assert.equal(await call(bert.page).count(), 0);
  await anna.close();
  await bert.close();
});

test('the server is gone: who talks goes on, until it says otherwise; who rings stops', async () => {
  const server = await start({ webrtc });
  const [anna, bert] = await two(server);
  for (const b of [anna, bert]) b.allow.push('WebSocket', 'ERR_CONNECTION_REFUSED');
  await main(anna, 'Call').click();
  await button(bert.page, 'Answer').waitFor();
  await server.stop('SIGKILL');
  await call(anna.page).getByText('The call broke off').waitFor();
  await nothingRuns(anna.page, 'Anna');
  await button(anna.page, 'Close').click();
  await server.start();
  for (const b of [anna, bert]) {
    await b.page.reload();
    await b.page.getByText('Waiting for the network').waitFor({ state: 'detached' });
  }
  await main(anna, 'Call').click();
  await button(bert.page, 'Answer').click();
  await Promise.all([active(anna.page), active(bert.page)]);
  await server.stop('SIGKILL');
  await anna.page.getByText('Waiting for the network').first().waitFor({ state: 'attached' });
  await hears(anna.page, 'Anna, without a server');
  await active(bert.page);
  await server.start();
  await call(anna.page).getByText(/Call ended|The call broke off/).waitFor({ timeout: 40_000 });
  await call(bert.page).getByText(/Call ended|The call broke off/).waitFor({ timeout: 40_000 });
  await nothingRuns(anna.page, 'Anna');
  await nothingRuns(bert.page, 'Bert');
  await anna.close();
  await bert.close();
});

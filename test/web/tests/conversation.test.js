import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe } from '../lib/axe.js';
import { endBrowsers } from '../lib/browser.js';
import { arrive, enrol, pair, row, startChat, toList, write } from '../lib/people.js';
import { Server } from '../lib/server.js';
import { until } from '../lib/until.js';

let server;
before(async () => {
  server = await new Server({ limits: { requests_per_session: 'off', requests_per_user: 'off', requests_per_address: 'off', messages_per_session: 'off', messages_per_user: 'off', messages_per_address: 'off' } }).start();
});
after(async () => {
  await endBrowsers();
  await server.close();
});

const message = (b, text) => b.page.locator('article.message', { hasText: text });
const field = (b) => b.page.locator('main').getByRole('textbox', { name: 'Message' });
const choose = async (b, text, action) => {
  await message(b, text).locator('.bubble').click({ button: 'right' });
  await b.page.getByRole('menuitem', { name: action, exact: true }).click();
};

// two people who look at their conversation.
const two = (size = 'desktop') => pair(server, { size });
const done = async (...list) => {
  for (const b of list) await b.close();
};
const mark = (b, text, state) => message(b, text).locator(`.mark[title="${state}"]`).waitFor();

test('writing, with marks of what arrived and was read', async () => {
  const { anna, bert } = await two();
  await mark(anna, 'first', 'Read');
  await write(bert.page, 'and *back* again');
  await message(anna, 'and back again').locator('strong', { hasText: 'back' }).waitFor();
  await field(anna).pressSequentially('typ');
  await bert.page.locator('main .conversation-sub', { hasText: 'typing' }).waitFor();
  await axe(anna.page);
  await toList(bert.page);
  await done(anna, bert);
});

test('formats as they are typed, and safe links', async () => {
  const { anna, bert } = await two();
  anna.allow = bert.allow = ['/v0/urlpreview']; // nothing is known of that page
  await field(anna).fill('*bold* _it_ ~no~ `code` https://example.org/x\n> quoted\n```\na < b\n\n```\n#tag <b>raw</b>');
  await field(anna).press('Enter');
  const m = message(bert, 'bold');
  await m.waitFor();
  for (const [tag, text] of [['strong', 'bold'], ['em', 'it'], ['s', 'no'], ['code', 'code'], ['blockquote', 'quoted'], ['pre', 'a < b\n'], ['.hashtag', '#tag']]) {
    assert.equal(await m.locator(tag).first().textContent(), text, tag);
  }
  const link = m.locator('a');
  assert.equal(await link.getAttribute('href'), 'https://example.org/x');
  assert.match(await link.getAttribute('rel'), /noopener/);
  assert.equal(await m.locator('b').count(), 0);
  await axe(bert.page);
  await done(anna, bert);
});

test('reply, and from the quote to what it is about', async () => {
  const { anna, bert } = await two();
  await choose(bert, 'first', 'Reply');
  await write(bert.page, 'an answer');
  const quote = message(anna, 'an answer').locator('.quote');
  await quote.getByText('first').waitFor();
  await quote.click();
  await anna.page.locator('article.is-flash', { hasText: 'first' }).waitFor();
  await done(anna, bert);
});

test('edit, by menu and by arrow; only one’s own', async () => {
  const { anna, bert } = await two();
  await choose(anna, 'first', 'Edit');
  await field(anna).fill('first, but *better*');
  await field(anna).press('Enter');
  for (const b of [anna, bert]) {
    await message(b, 'better').getByText('edited').waitFor();
    assert.equal(await b.page.locator('article.message').count(), 1);
  }
  await field(anna).press('ArrowUp');
  await until('the message is in the field, as it was typed', async () => (await field(anna).inputValue()) === 'first, but *better*');
  await field(anna).press('Escape');
  await until('the field is empty', async () => (await field(anna).inputValue()) === '');
  await message(bert, 'better').locator('.bubble').click({ button: 'right' });
  await bert.page.getByRole('menuitem', { name: 'Reply' }).waitFor();
  assert.equal(await bert.page.getByRole('menuitem', { name: 'Edit' }).count(), 0);
  await bert.page.keyboard.press('Escape');
  await bert.page.reload();
  await message(bert, 'better').getByText('edited').waitFor();
  await done(anna, bert);
});

test('delete for oneself, and for everybody', async () => {
  const { anna, bert } = await two();
  for (const text of ['second', 'third']) await write(anna.page, text);
  await mark(anna, 'third', 'Read');
  await choose(anna, 'second', 'Delete');
  await anna.page.getByRole('dialog').getByRole('button', { name: 'Delete for me' }).click();
  await message(anna, 'second').waitFor({ state: 'detached' });
  await choose(anna, 'third', 'Delete');
  await axe(anna.page);
  await anna.page.getByRole('dialog').getByRole('button', { name: 'Delete for everybody' }).click();
  await message(bert, 'third').waitFor({ state: 'detached' });
  await message(bert, 'second').waitFor();
  await bert.page.getByText('Message deleted').waitFor();
  await bert.page.reload();
  await message(bert, 'second').waitFor();
  assert.equal(await message(bert, 'third').count(), 0);
  await anna.page.reload();
  await message(anna, 'first').waitFor();
  assert.equal(await message(anna, 'second').count(), 0);
  await done(anna, bert);
});

test('forward to somebody else, several at once; copy', async () => {
  const { anna, bert } = await two();
  const carl = await arrive(server, await enrol(server, 'Carl'));
  await write(anna.page, 'tell everybody');
  await message(bert, 'tell everybody').waitFor();
  await startChat(bert.page, carl.login, 'Carl');
  await write(bert.page, 'hello Carl');
  await row(bert.page, 'Anna').click();
  await choose(bert, 'first', 'Select');
  await message(bert, 'tell everybody').click();
  await bert.page.getByText('2 selected').waitFor();
  await bert.page.getByRole('button', { name: 'Forward' }).click();
  await bert.page.getByRole('dialog').getByRole('button', { name: 'Carl' }).click();
  await row(carl.page, 'Bert').click();
  for (const text of ['first', 'tell everybody']) await message(carl, text).getByText('Forwarded from Anna').waitFor();
  await carl.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const copied = () => carl.page.evaluate(() => navigator.clipboard.readText());
  await choose(carl, 'hello Carl', 'Copy text');
  await until('one is copied', async () => (await copied()) === 'hello Carl');
  await choose(carl, 'hello Carl', 'Select');
  await message(carl, 'tell everybody').click();
  await carl.page.getByRole('button', { name: 'Copy text' }).click();
  await until('both are copied, each on its line', async () => /^hello Carl\n.*tell everybody$/s.test(await copied()));
  await done(anna, bert, carl);
});

test('pin: both see the bar, and it leads there', async () => {
  const { anna, bert } = await two();
  await choose(anna, 'first', 'Pin');
  await bert.page.locator('.pinned', { hasText: 'first' }).waitFor();
  await bert.page.locator('.pinned-go').click();
  await bert.page.locator('article.is-flash', { hasText: 'first' }).waitFor();
  await anna.page.locator('.pinned').getByRole('button', { name: 'Unpin' }).click();
  await bert.page.locator('.pinned').waitFor({ state: 'detached' });
  await done(anna, bert);
});

test('emoji by name, and the ones used last', async () => {
  const { anna, bert } = await two();
  await anna.page.getByRole('button', { name: 'Emoji' }).click();
  await anna.page.getByRole('searchbox', { name: 'Search emoji' }).fill('pizza');
  await axe(anna.page);
  await anna.page.getByRole('button', { name: /^pizza/ }).click();
  await anna.page.getByRole('searchbox', { name: 'Search emoji' }).press('Escape');
  await anna.page.keyboard.press('Escape');
  await field(anna).press('Enter');
  await message(bert, '🍕').locator('.is-big').waitFor();
  await anna.page.reload();
  await anna.page.getByRole('button', { name: 'Emoji' }).click();
  await anna.page.getByRole('tab', { name: 'Recent' }).waitFor();
  await anna.page.locator('.emoji-grid button', { hasText: '🍕' }).waitFor();
  await done(anna, bert);
});

test('keyboard alone: to a message, its menu, an answer', async () => {
  const { anna, bert } = await two();
  await write(bert.page, 'second');
  await message(anna, 'second').waitFor();
  await field(anna).focus();
  await anna.page.getByRole('group', { name: 'Messages', exact: true }).focus();
  await anna.page.keyboard.press('ArrowUp');
  await anna.page.locator('article:focus', { hasText: 'second' }).waitFor();
  await anna.page.keyboard.press('ArrowUp');
  await anna.page.locator('article:focus', { hasText: 'first' }).waitFor();
  await anna.page.keyboard.press('Enter');
  await anna.page.getByRole('menuitem', { name: 'Reply' }).press('Enter');
  await anna.page.locator('.composer-about', { hasText: 'first' }).waitFor();
  await until('the field has the focus', () => field(anna).evaluate((e) => e === document.activeElement));
  await anna.page.keyboard.type('by keys');
  await anna.page.keyboard.press('Enter');
  await message(bert, 'by keys').locator('.quote').waitFor();
  await done(anna, bert);
});

test('a draft survives the page, with its reply; each conversation has its own', async () => {
  const { anna, bert } = await two();
  await choose(anna, 'first', 'Reply');
  await field(anna).fill('not yet *sent*');
  await anna.page.reload();
  await until('the draft is back', async () => (await field(anna).inputValue().catch(() => '')) === 'not yet *sent*');
  await anna.page.locator('.composer-about', { hasText: 'first' }).waitFor();
  await field(anna).press('Enter');
  await message(bert, 'not yet sent').locator('.quote').waitFor();
  await anna.page.reload();
  await message(anna, 'not yet sent').waitFor();
  assert.equal(await field(anna).inputValue(), '');
  await done(anna, bert);
});

test('written offline: waits, survives the page, is sent once', async () => {
  const { anna, bert } = await two();
  anna.allow = [/ERR_INTERNET_DISCONNECTED/, /WebSocket/, /ERR_CONNECTION_REFUSED/, /Failed to load resource/];
  bert.allow = anna.allow;
  await mark(anna, 'first', 'Read');
  await server.stop('SIGKILL');
  await write(anna.page, 'one');
  await write(anna.page, 'two');
  await mark(anna, 'two', 'Waiting to be sent');
  await server.start();
  await anna.page.reload();
  await mark(anna, 'two', 'Read');
  await message(bert, 'two').waitFor();
  await bert.page.waitForTimeout(1500);
  assert.deepEqual(await bert.page.locator('article.message .bubble-text').allTextContents(), ['first', 'one', 'two']);
  assert.deepEqual(await anna.page.locator('article.message .bubble-text').allTextContents(), ['first', 'one', 'two']);
  await done(anna, bert);
});

test('the day stands above its messages, and goes on with the calendar', async () => {
  const { anna, bert } = await two();
  assert.deepEqual(await anna.page.locator('.day').allTextContents(), ['Today']);
  await anna.context.clock.setFixedTime(Date.now() + 86_400_000);
  await anna.page.reload();
  await message(anna, 'first').waitFor();
  assert.deepEqual(await anna.page.locator('.day').allTextContents(), ['Yesterday']);
  await done(anna, bert);
});

test('what came while one was away: the unread line, the count, the newest', async () => {
  const { anna, bert } = await two();
  await mark(anna, 'first', 'Read');
  await bert.page.evaluate(() => (location.hash = '#/'));
  await bert.page.getByText('Pick').or(bert.page.locator('main .empty')).first().waitFor();
  for (let i = 1; i <= 40; i++) await write(anna.page, `news ${i}`);
  await mark(anna, 'news 40', 'Delivered');
  await row(bert.page, 'Anna').locator('.badge', { hasText: '40' }).waitFor();
  assert.match(await bert.page.title(), /^\(1\)/);
  await row(bert.page, 'Anna').click();
  await bert.page.locator('.unread-line').waitFor();
  await message(bert, /^news 1\b|news 1\d*\b/).first().waitFor();
  assert.equal(await message(bert, 'news 40').isVisible(), false);
  await bert.page.getByRole('button', { name: 'Jump to the newest' }).click();
  await message(bert, 'news 40').waitFor();
  await mark(anna, 'news 40', 'Read');
  await done(anna, bert);
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe } from '../lib/axe.js';
import { endBrowsers } from '../lib/browser.js';
import { choose as chooseOf, flows, leave, openMenu, press } from '../lib/hands.js';
import { arrive, enrol, pair, row, startChat, tell, toList, write } from '../lib/people.js';
import { Server, unlimited } from '../lib/server.js';
import { until } from '../lib/until.js';

const server = new Server({ limits: unlimited });
before(() => server.start());
after(async () => {
  await endBrowsers();
  await server.close();
});

const flow = flows(server);
const message = (b, text) => b.page.locator('article.message', { hasText: text });
const field = (b) => b.page.locator('main').getByRole('textbox', { name: 'Message' });
const choose = (b, text, action) => chooseOf(b, message(b, text), action);
const has = (b, value) => until(`the field has "${value}"`, async () => (await field(b).inputValue().catch(() => null)) === value);
const mark = (b, text, state) => message(b, text).locator(`.mark[title="${state}"]`).waitFor();

// said is a text that one wrote and both see.
async function said(from, to, text) {
  await write(from.page, text);
  await message(to, text).waitFor();
}

// inSight: somewhere on the screen, not only in the list.
const inSight = (target) => target.evaluateAll((all) => all.some((e) => e.getBoundingClientRect().top < innerHeight && e.getBoundingClientRect().bottom > 0));

// First, for the server goes away under everybody. Anna has a phone, Bert a desk.
test('written offline: waits, survives the page, is sent once', async () => {
  const { anna, bert } = await pair(server, { size: 'phone' });
  anna.allow = bert.allow = [/ERR_INTERNET_DISCONNECTED/, /WebSocket/, /ERR_CONNECTION_REFUSED/, /Failed to load resource/];
  await mark(anna, 'first', 'Read');
  await server.stop('SIGKILL');
  for (const text of ['one', 'two']) await write(anna.page, text);
  await mark(anna, 'two', 'Waiting to be sent');
  await write(bert.page, 'three');
  await mark(bert, 'three', 'Waiting to be sent');
  await server.start();
  for (const b of [anna, bert]) await b.page.reload();
  await mark(anna, 'two', 'Read');
  await mark(bert, 'three', 'Read');
  // What would be sent again would come before these.
  await said(anna, bert, 'four');
  await said(bert, anna, 'five');
  for (const b of [anna, bert]) {
    const texts = await b.page.locator('article.message .bubble-text').allTextContents();
    assert.deepEqual(texts.toSorted(), ['first', 'five', 'four', 'one', 'three', 'two']);
    assert.deepEqual(texts.filter((t) => t !== 'three'), ['first', 'one', 'two', 'four', 'five']);
  }
  for (const b of [anna, bert]) await b.close();
});

flow('writing, with marks of what arrived and was read', async (anna, bert) => {
  await mark(anna, 'first', 'Read');
  await write(bert.page, 'and *back* again');
  await message(anna, 'and back again').locator('strong', { hasText: 'back' }).waitFor();
  await field(anna).pressSequentially('typ');
  await bert.page.locator('main .conversation-sub', { hasText: 'typing' }).waitFor();
  if (anna.touch) {
    await field(anna).press('Enter'); // a new line there
    await has(anna, 'typ\n');
  }
  await axe(anna.page);
  await field(anna).fill('');
  await toList(anna.page);
  await press(anna, row(anna.page, 'and back again'));
  await message(anna, 'and back again').waitFor();
});

flow('formats as they are typed, and safe links', async (anna, bert) => {
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
}, ['desktop']);

flow('reply, and from the quote to what it is about', async (anna, bert) => {
  await said(bert, anna, 'a question');
  await choose(anna, 'a question', 'Reply');
  await write(anna.page, 'an answer');
  await message(bert, 'an answer').locator('.quote').getByText('a question').waitFor();
  const quote = message(anna, 'an answer').locator('.quote');
  await quote.getByText('a question').waitFor();
  await press(anna, quote);
  await anna.page.locator('article.is-flash', { hasText: 'a question' }).waitFor();
});

flow('edit; only one’s own', async (anna, bert) => {
  await said(anna, bert, 'it is god');
  await choose(anna, 'it is god', 'Edit');
  await has(anna, 'it is god');
  await field(anna).fill('it is good, or *better*');
  await press(anna, anna.page.locator('main').getByRole('button', { name: 'Save' }));
  for (const b of [anna, bert]) {
    await message(b, 'or better').getByText('edited').waitFor();
    await message(b, /it is god/).waitFor({ state: 'detached' });
    assert.equal(await message(b, 'or better').count(), 1);
  }
  await bert.page.reload();
  await message(bert, 'or better').getByText('edited').waitFor();
  await said(bert, anna, 'not hers');
  await openMenu(anna, message(anna, 'not hers').locator('.bubble'));
  await anna.page.getByRole('menuitem', { name: 'Reply' }).waitFor();
  assert.equal(await anna.page.getByRole('menuitem', { name: 'Edit' }).count(), 0);
  await leave(anna, anna.page.getByRole('menu'));
});

flow('edit by arrow', async (anna, bert) => {
  await write(anna.page, 'the *last*');
  await mark(anna, 'the last', 'Read');
  await field(anna).press('ArrowUp');
  await has(anna, 'the *last*');
  await field(anna).press('Escape');
  await has(anna, '');
}, ['desktop']);

flow('delete for oneself, and for everybody', async (anna, bert) => {
  for (const text of ['not for me', 'for nobody', 'it stays']) await said(anna, bert, text);
  const sure = anna.page.getByRole('dialog');
  await choose(anna, 'not for me', 'Delete');
  await press(anna, sure.getByRole('button', { name: 'Delete for me' }));
  await message(anna, 'not for me').waitFor({ state: 'detached' });
  await choose(anna, 'for nobody', 'Delete');
  await axe(anna.page);
  await press(anna, sure.getByRole('button', { name: 'Delete for everybody' }));
  await message(bert, 'for nobody').waitFor({ state: 'detached' });
  await bert.page.getByText('Message deleted').waitFor();
  for (const b of [anna, bert]) {
    await b.page.reload();
    await message(b, 'it stays').waitFor();
    assert.equal(await message(b, 'for nobody').count(), 0);
  }
  assert.equal(await message(anna, 'not for me').count(), 0);
  await message(bert, 'not for me').waitFor();
});

flow('forward to somebody else, several at once; copy', async (anna, bert) => {
  const who = await enrol(server, 'Carl');
  await said(bert, anna, 'tell everybody');
  await said(anna, bert, 'I will');
  await startChat(anna.page, who.login, 'Carl');
  await write(anna.page, 'hello Carl');
  await message(anna, 'hello Carl').waitFor();
  await toList(anna.page);
  await press(anna, row(anna.page, 'Bert'));
  await choose(anna, 'tell everybody', 'Select');
  await press(anna, message(anna, 'I will'));
  await anna.page.getByText('2 selected').waitFor();
  await press(anna, anna.page.getByRole('button', { name: 'Forward' }));
  await press(anna, anna.page.getByRole('dialog').getByRole('button', { name: 'Carl' }));
  const carl = await arrive(server, who, { at: `c/${anna.user}` });
  await message(carl, 'tell everybody').getByText('Forwarded from Bert').waitFor();
  await message(carl, 'I will').getByText('Forwarded from Anna').waitFor();
  await carl.close();

  await toList(anna.page);
  await press(anna, row(anna.page, 'Bert'));
  await anna.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const copied = () => anna.page.evaluate(() => navigator.clipboard.readText());
  await choose(anna, 'tell everybody', 'Copy text');
  await until('one is copied', async () => (await copied()) === 'tell everybody');
  await choose(anna, 'tell everybody', 'Select');
  await press(anna, message(anna, 'I will'));
  await press(anna, anna.page.getByRole('button', { name: 'Copy text' }));
  await until('both are copied, each on its line', async () => (await copied()) === 'tell everybody\nI will');
});

flow('pin: both see the bar, and it leads there', async (anna, bert) => {
  await said(bert, anna, 'at noon');
  await choose(anna, 'at noon', 'Pin');
  for (const b of [anna, bert]) {
    await b.page.locator('.pinned', { hasText: 'at noon' }).waitFor();
    await press(b, b.page.locator('.pinned-go'));
    await b.page.locator('article.is-flash', { hasText: 'at noon' }).waitFor();
  }
  await press(anna, anna.page.locator('.pinned').getByRole('button', { name: 'Unpin' }));
  for (const b of [anna, bert]) await b.page.locator('.pinned').waitFor({ state: 'detached' });
});

flow('emoji by name, and the ones used last', async (anna, bert) => {
  const { page } = anna;
  const picker = page.getByRole('dialog', { name: 'Emoji' });
  await press(anna, page.getByRole('button', { name: 'Emoji' }));
  await picker.getByRole('searchbox', { name: 'Search emoji' }).fill('pizza');
  await axe(page);
  await press(anna, picker.getByRole('button', { name: /^pizza/ }));
  await has(anna, '🍕');
  await leave(anna, picker);
  await press(anna, page.locator('main').getByRole('button', { name: 'Send', exact: true }));
  await message(bert, '🍕').locator('.is-big').waitFor();
  await page.reload();
  await press(anna, page.getByRole('button', { name: 'Emoji' }));
  await page.getByRole('tab', { name: 'Recent' }).waitFor();
  await page.locator('.emoji-grid button', { hasText: '🍕' }).waitFor();
  await leave(anna, picker);
});

flow('keyboard alone: to a message, its menu, an answer', async (anna, bert) => {
  await said(bert, anna, 'upper');
  await said(bert, anna, 'lower');
  await field(anna).focus();
  await anna.page.getByRole('group', { name: 'Messages', exact: true }).focus();
  await anna.page.keyboard.press('ArrowUp');
  await anna.page.locator('article:focus', { hasText: 'lower' }).waitFor();
  await anna.page.keyboard.press('ArrowUp');
  await anna.page.locator('article:focus', { hasText: 'upper' }).waitFor();
  await anna.page.keyboard.press('Enter');
  await anna.page.getByRole('menuitem', { name: 'Reply' }).press('Enter');
  await anna.page.locator('.composer-about', { hasText: 'upper' }).waitFor();
  await until('the field has the focus', () => field(anna).evaluate((e) => e === document.activeElement));
  await anna.page.keyboard.type('by keys');
  await anna.page.keyboard.press('Enter');
  await message(bert, 'by keys').locator('.quote').waitFor();
}, ['desktop']);

flow('a draft survives the page, with its reply', async (anna, bert) => {
  await said(bert, anna, 'what now?');
  await choose(anna, 'what now?', 'Reply');
  await field(anna).fill('not yet *sent*');
  await anna.page.reload();
  await has(anna, 'not yet *sent*');
  await anna.page.locator('.composer-about', { hasText: 'what now?' }).waitFor();
  await press(anna, anna.page.locator('main').getByRole('button', { name: 'Send', exact: true }));
  await message(bert, 'not yet sent').locator('.quote').waitFor();
  await anna.page.reload();
  await message(anna, 'not yet sent').waitFor();
  assert.equal(await field(anna).inputValue(), '');
});

test('the day stands above its messages, and goes on with the calendar', async () => {
  const { anna, bert } = await pair(server);
  assert.deepEqual(await anna.page.locator('.day').allTextContents(), ['Today']);
  await anna.context.clock.setFixedTime(Date.now() + 86_400_000);
  await anna.page.reload();
  await message(anna, 'first').waitFor();
  assert.deepEqual(await anna.page.locator('.day').allTextContents(), ['Yesterday']);
  for (const b of [anna, bert]) await b.close();
});

flow('what came while one was away: the unread line, the count, the newest', async (anna, bert) => {
  const entry = row(anna.page, 'Bert');
  await anna.page.evaluate(() => (location.hash = '#/'));
  await toList(anna.page);
  await field(anna).waitFor({ state: 'detached' });
  await tell(server, bert, anna, ...Array.from({ length: 40 }, (_, i) => `news ${i + 1} of 40`));
  await entry.locator('.badge', { hasText: '40' }).waitFor();
  await anna.page.waitForFunction(() => document.title.startsWith('(1)'));
  await mark(bert, 'news 40 ', 'Delivered');
  await openMenu(anna, entry);
  await anna.page.getByRole('menuitem', { name: 'Mark as read' }).waitFor();
  await leave(anna, anna.page.getByRole('menu'));
  await press(anna, entry);
  await anna.page.locator('.unread-line').waitFor();
  await until('the oldest of them is seen', () => inSight(message(anna, 'news 1 ')));
  assert.equal(await inSight(message(anna, 'news 40 ')), false);
  await press(anna, anna.page.getByRole('button', { name: 'Jump to the newest' }));
  await until('the newest is seen', () => inSight(message(anna, 'news 40 ')));
  await mark(bert, 'news 40 ', 'Read');
});

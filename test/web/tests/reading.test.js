import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { endBrowsers } from '../lib/browser.js';
import { Front } from '../lib/front.js';
import { hash } from '../lib/groups.js';
import { arrive, enrol, row, toList, write } from '../lib/people.js';
import { Raw } from '../lib/raw.js';
import { Server, unlimited } from '../lib/server.js';
import { until } from '../lib/until.js';

// What counts as read, where reading begins, and what is shown of what comes. Anna writes over the
// wire, Bert reads on a phone.

const server = new Server({ limits: unlimited });
const front = new Front(server);
let anna, bert, page;

before(async () => {
  await server.start();
  await front.start();
  const [a, b] = await Promise.all([enrol(server, 'Anna'), enrol(front, 'Bert')]);
  anna = await Raw.open(server);
  await anna.must('login', { scheme: 'token', secret: a.token });
  bert = b;
  await group('Fresh', ['there before']);
  bert = await arrive(front, b, { size: 'phone' });
  bert.allow = ['/v0/urlpreview', /WebSocket|ERR_CONNECTION|Failed to (fetch|load)/]; // nothing is known of those pages; and it is cut off
  page = bert.page;
});
after(async () => {
  anna?.close();
  await endBrowsers();
  await front.cut();
  await server.close();
});

// group makes one of Anna's with texts in it, and Bert as a member.
async function group(name, texts = [], { kind = 'new', member = true, set = {} } = {}) {
  const { topic } = await anna.must('sub', { topic: `${kind}${name.replace(/\W/g, '')}`, set: { desc: { public: { fn: name }, ...set } } });
  if (member) await anna.must('set', { topic, sub: { user: bert.user, mode: 'JRWPS' } });
  for (const text of texts) await say(topic, text);
  return topic;
}
const say = (topic, content, head) => anna.must('pub', { topic, noecho: true, content, ...(head && { head }) });
const numbered = (n) => Array.from({ length: n }, (_, i) => `number ${i + 1}.`);
const message = (text) => page.locator('article.message', { hasText: text });
const badge = (name) => row(page, name).getByText(/unread message/);
const inSight = async (text) => {
  await message(text).waitFor();
  await until(`${text} is in sight`, () => message(text).evaluate((m) => {
    if (!m.isConnected) return false; // drawn anew just now
    const [box, own] = [m.closest('.messages').getBoundingClientRect(), m.getBoundingClientRect()];
    return own.top >= box.top - 1 && own.top < box.bottom;
  }));
};
const open = async (name, text) => {
  await row(page, name).click();
  await inSight(text);
};
const connected = async (on) => {
  await (on ? front.start() : front.cut());
  await page.locator('.connection').first().waitFor({ state: on ? 'detached' : 'attached' });
};
// isRead leaves the conversation and looks at the list.
const isRead = async (name) => {
  await toList(page);
  await badge(name).waitFor({ state: 'detached' });
  await until('the title counts none', async () => !/^\(/.test(await page.title()));
};

test('a single unread message is read when it was seen: after logging in, at once, after a reload, from a cache', async () => {
  await row(page, 'Fresh').getByText('there before').waitFor();
  await connected(false);
  await connected(true); // the message is here, the conversation is not attached any more
  await open('Fresh', 'there before');
  await isRead('Fresh');
  const topic = await group('Single', ['only one']);
  await badge('Single').getByText('1 unread message').waitFor();
  await open('Single', 'only one');
  await isRead('Single');
  await say(topic, 'another one');
  await badge('Single').waitFor();
  await page.reload();
  await badge('Single').waitFor();
  await open('Single', 'another one');
  await isRead('Single');
});

test('edits that come while one looks on are read, and do not become the newest message of the list', async () => {
  const topic = await group('Edits', ['the first of two', 'the second of two']);
  await open('Edits', 'the second of two');
  await say(topic, 'the first, edited', { replace: ':1' });
  await message('the first, edited').waitFor();
  await isRead('Edits');
  await row(page, 'Edits').getByText('the second of two').waitFor();
  await say(topic, 'edited again', { replace: ':1' });
  await badge('Edits').waitFor();
  await row(page, 'Edits').getByText('the second of two').waitFor();
  await open('Edits', 'edited again');
  await isRead('Edits');
});

test('a first visit begins at the first unread message, and only what was seen is read', async () => {
  await group('Many', numbered(60));
  await badge('Many').getByText('60 unread').waitFor();
  await open('Many', 'number 1.');
  await page.locator('.unread-line').waitFor();
  await toList(page);
  await until('a part of it is read', async () => /^[1-5]\d? unread/.test(await badge('Many').textContent()));
  await row(page, 'Many').click();
  await page.locator('.unread-line').waitFor();
  await page.getByRole('button', { name: 'Jump to the newest' }).click();
  await inSight('number 60.');
  await page.locator('.to-newest.is-hidden').waitFor({ state: 'attached' });
  await isRead('Many');
});

test('who joins by himself begins at the end; where nothing was written that is said', async () => {
  const topic = await group('Open', numbered(60), { member: false, set: { defacs: { auth: 'JRWPS', anon: 'N' } } });
  await hash(page, `c/${topic}`);
  await page.getByRole('button', { name: 'Join', exact: false }).click();
  await inSight('number 60.');
  assert.equal(await page.locator('.unread-line').count(), 0);
  await isRead('Open');
  await group('Silent');
  await row(page, 'Silent').click();
  await page.getByText('No messages yet.').waitFor();
  await write(page, 'a beginning');
  await page.getByText('No messages yet.').waitFor({ state: 'detached' });
  await toList(page);
});

test('in a channel, messages are read out with its name', async () => {
  const topic = await group('Gazette', ['first post'], { kind: 'nch', member: false });
  await hash(page, `c/${topic.replace(/^grp/, 'chn')}`);
  await page.getByRole('button', { name: 'Subscribe' }).click();
  await inSight('first post');
  assert.match(await message('first post').getAttribute('aria-label'), /^Gazette, /);
  await toList(page);
});

test('what is not known shows its text; a link that claims to be another address tells where it leads', async () => {
  const entity = (txt, tp, data = {}) => ({ txt, fmt: [{ len: txt.length, key: 0 }], ent: [{ tp, data }] });
  const topic = await group('Strange');
  const head = { mime: 'text/x-drafty' };
  await say(topic, entity('the card', 'TC'), head);
  await say(topic, entity('the other', 'CH'), head);
  await say(topic, entity(' ', 'ZZ'), head);
  await say(topic, entity('https://bank.example', 'LN', { url: 'https://evil.example' }), head);
  await say(topic, entity('https://bank.example/x', 'LN', { url: 'https://bank.example/y' }), head);
  await open('Strange', 'https://bank.example/x');
  for (const text of ['the card', 'the other', 'This message cannot be shown here.']) await message(text).locator('.bubble-text').waitFor();
  assert.deepEqual(await page.locator('article.message a').allInnerTexts(), ['https://bank.example (evil.example)', 'https://bank.example/x']);
  await isRead('Strange');
});

test('files go out in the order in which they were sent, whatever takes long; a text does not wait for them', async () => {
  await group('Order', ['begin']);
  await open('Order', 'begin');
  const uploads = []; // the first ends last
  let go;
  const gone = new Promise((resolve) => (go = resolve));
  await page.route('**/v0/file/u/**', async (route) => {
    if (uploads.push(route) === 1) await gone;
    await route.continue();
  });
  await page.locator('input[type=file]').setInputFiles([
    { name: 'mid.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(300_000, 7) },
    { name: 'page.html', mimeType: 'text/html', buffer: Buffer.from('<p>hello</p>'.repeat(3_000)) },
  ]);
  await write(page, 'see the files');
  await message('mid.bin').waitFor();
  await write(page, 'written after');
  await message('written after').and(page.locator('[data-seq]')).waitFor();
  await until('both files are on their way', () => uploads.length === 2);
  await uploads[1].request().response();
  go();
  for (const text of ['see the files', 'mid.bin', 'page.html', 'written after']) await message(text).and(page.locator('[data-seq]')).waitFor();
  const order = await page.locator('article.message[data-seq]').evaluateAll((all) => all.map((m) => [Number(m.dataset.seq), m.textContent.match(/begin|see the files|mid\.bin|page\.html|written after/)?.[0]]));
  assert.deepEqual(order, [[1, 'begin'], [2, 'see the files'], [3, 'written after'], [4, 'mid.bin'], [5, 'page.html']]);
  await page.unroute('**/v0/file/u/**');
  await toList(page);
});

test('logging out says how many messages were not sent', async () => {
  await row(page, 'Order').click();
  await inSight('written after');
  await connected(false);
  await write(page, 'never sent');
  await message('never sent').waitFor();
  await toList(page);
  await page.getByRole('button', { name: 'Account and settings' }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await page.getByRole('dialog').getByText('1 message was not sent yet and will be lost.').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await connected(true);
});

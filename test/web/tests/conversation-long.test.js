import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { endBrowsers } from '../lib/browser.js';
import { flood } from '../lib/flood.js';
import { person, row, startChat, write } from '../lib/people.js';
import { Server } from '../lib/server.js';

const off = Object.fromEntries(['requests', 'messages'].flatMap((what) => ['session', 'user', 'address'].map((per) => [`${what}_per_${per}`, 'off'])));
let server;
before(async () => {
  server = await new Server({ limits: off }).start();
});
after(async () => {
  await endBrowsers();
  await server.close();
});

const message = (b, text) => b.page.locator('article.message', { hasText: text });

// longestTask of the page's main threads. It counts the CPU's time, as the clock's depends on
// what else the machine does.
function longestTask(events) {
  const main = new Set(events.filter((e) => e.name === 'thread_name' && e.args.name === 'CrRendererMain').map((e) => `${e.pid} ${e.tid}`));
  const tasks = events.filter((e) => e.ph === 'X' && /RunTask$/.test(e.name) && main.has(`${e.pid} ${e.tid}`));
  assert.ok(tasks.length > 100, 'the trace has tasks');
  const most = (key) => Math.round(Math.max(...tasks.map((e) => e[key] ?? 0)) / 1000);
  return { cpu: most('tdur'), wall: most('dur') };
}

test('10,000 messages scroll without a task over 100 ms, and stay where they are', { timeout: 240_000 }, async () => {
  const anna = await person(server, 'Anna');
  const bert = await person(server, 'Bert');
  await startChat(anna.page, bert.login, 'Bert');
  await write(anna.page, 'first');
  await message(anna, 'first').waitFor();
  const topic = await anna.page.evaluate(() => decodeURIComponent(location.hash.split('/')[2]));
  await bert.close();
  await anna.page.evaluate(() => (location.hash = '#/'));
  await anna.page.waitForTimeout(2500); // nobody is attached any more: the pages have nothing to do
  await flood(anna, topic, 10_000);
  await row(anna.page, 'Bert').click();
  await message(anna, 'message 10000').waitFor();
  const browser = anna.context.browser();
  await browser.startTracing(anna.page, { categories: ['toplevel'] });
  // Up as fast as a wheel goes, until the beginning is there.
  const top = await anna.page.evaluate(async () => {
    const box = document.querySelector('.messages');
    const frame = () => new Promise((r) => requestAnimationFrame(r));
    let jumps = 0;
    let frames = 0;
    const seen = () => [...box.querySelectorAll('article')].map((a) => [Number(a.dataset.seq), a.getBoundingClientRect().top]).filter(([s]) => s > 0);
    const end = Date.now() + 150_000;
    while (Date.now() < end) {
      const before = new Map(seen());
      const y = box.scrollTop;
      // First as a wheel does, where nothing may jump; then faster than rows can be measured ahead.
      const wheel = frames++ < 150;
      box.scrollTop -= wheel ? 300 : 1500;
      const moved = y - box.scrollTop;
      await frame();
      // What was in sight has moved by as much as was scrolled, not more.
      const now = seen();
      const inSight = (top) => top >= 150 && top < 700;
      const shared = now.find(([s, top]) => inSight(top) && before.has(s) && inSight(before.get(s)));
      if (wheel && shared && Math.abs(shared[1] - before.get(shared[0]) - moved) > 60) jumps++;
      if (now.some(([s]) => s === 1)) break;
    }
    return { first: Math.min(...seen().map(([s]) => s)), jumps, rows: box.querySelectorAll('article').length };
  });
  assert.equal(top.first, 1);
  assert.ok(top.rows < 120, `${top.rows} rows in the page`);
  assert.ok(top.jumps <= 2, `${top.jumps} jumps`);
  // And through all of it, up and down.
  await anna.page.evaluate(async () => {
    const box = document.querySelector('.messages');
    for (let i = 0; i <= 200; i++) {
      box.scrollTop = (box.scrollHeight * (i % 2 ? i : 200 - i)) / 200;
      await new Promise((r) => requestAnimationFrame(r));
    }
  });
  const longest = longestTask(JSON.parse((await browser.stopTracing()).toString()).traceEvents);
  console.log(`# the longest task: ${longest.cpu} ms of CPU, ${longest.wall} ms by the clock`);
  assert.ok(longest.cpu <= 100, `a task needed ${longest.cpu} ms`);
  await anna.close();
});

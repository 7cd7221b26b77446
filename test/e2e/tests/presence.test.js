import assert from 'node:assert/strict';
import { scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';

// pair makes two people who know each other; nobody has the conversation open.
async function pair(people) {
  const anna = await people.person('Anna');
  const bert = await people.person('Bert');
  const topic = await anna.open(bert.id);
  await until('Anna in the list of Bert', () => bert.contact(anna.id)?.acs);
  await topic.leave(false);
  return { anna, bert };
}

scenarios('presence', {
  async 'on, off, user agent and last seen'(people) {
    const { anna, bert } = await pair(people);
    await until('each sees the other', () => anna.contact(bert.id).online && bert.contact(anna.id).online);

    await bert.me.leave(false);
    await until('Bert is off', () => anna.contact(bert.id).online === false);
    const off = anna.pres.findLast((p) => p.what === 'off' && p.src === bert.id);
    assert.match(off.ua, /^Bert\/1\.0/);
    assert.ok(Date.now() - anna.contact(bert.id).seen.when < 10_000);

    // Who comes later learns when he was there.
    const late = await people.again(anna);
    const { seen, online } = late.contact(bert.id);
    assert.ok(!online);
    assert.match(seen.ua, /^Bert\/1\.0 .*tinodejs\//);
    assert.ok(Math.abs(Date.now() - seen.when) < 20_000);

    const returned = await people.again(bert, { agent: 'Phone/3.0' });
    await until('Bert is on', () => anna.contact(bert.id).online);
    assert.match(anna.pres.findLast((p) => p.what === 'on' && p.src === bert.id).ua, /^Phone\/3\.0/);
    await until('Bert sees Anna', () => returned.contact(anna.id).online);

    returned.close(); // without leaving
    await until('Bert is off again', () => anna.contact(bert.id).online === false);
  },

  async 'a short absence is no absence'(people) {
    const { anna, bert } = await pair(people);
    await until('Anna sees Bert', () => anna.contact(bert.id).online);
    const before = anna.pres.length;
    await bert.me.leave(false);
    await bert.online();
    const topic = await anna.open(bert.id); // a round trip later
    await topic.leave(false);
    assert.deepEqual(anna.pres.slice(before).filter((p) => ['on', 'off'].includes(p.what)), []);
  },

  async 'incognito'(people) {
    const { anna, bert } = await pair(people);
    await until('Anna sees Bert', () => anna.contact(bert.id).online);
    await bert.me.setMeta({ sub: { mode: 'JS' } });
    await until('Bert is hidden', () => anna.contact(bert.id).online === false);
    await bert.me.setMeta({ sub: { mode: 'JPS' } });
    await until('Bert is back', () => anna.contact(bert.id).online);
  },

  async 'a changed profile reaches the contacts'(people) {
    const { anna, bert } = await pair(people);
    await until('Anna sees Bert', () => anna.contact(bert.id).online);
    await bert.me.setMeta({ desc: { public: { fn: 'Bertram' } } });
    await until('the new name', () => anna.contact(bert.id).public.fn === 'Bertram');
  },
});

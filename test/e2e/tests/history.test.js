import assert from 'node:assert/strict';
import { refused, texts } from '../lib/client.js';
import { scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';

// archive makes a conversation with lines "1", "2", … by Anna.
async function archive(people, lines) {
  const anna = await people.person('Anna');
  const bert = await people.person('Bert');
  const toBert = await anna.open(bert.id);
  await Promise.all(numbers(1, lines).map((i) => anna.say(toBert, `${i}`)));
  return { anna, bert, toBert };
}

const numbers = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const seqs = (topic) => texts(topic).map(([seq]) => seq);

// page runs a query for messages and waits for its end.
async function page(client, topic, query) {
  const before = client.data.length;
  let count;
  topic.onAllMessagesReceived = (n) => (count = n ?? 0);
  await (query instanceof Function ? query() : client.tinode.getMeta(topic.name, query.build()));
  await until('the end of the page', () => count !== undefined);
  const got = client.data.slice(before).filter((d) => d.topic === topic.name).map((d) => d.seq);
  assert.equal(got.length, count, 'the number announced');
  return got;
}

scenarios('history', {
  async 'pages'(people) {
    const { anna, bert } = await archive(people, 65);
    const topic = await bert.open(anna.id, 24);
    assert.deepEqual(bert.data.map((d) => d.seq), numbers(42, 65).reverse(), 'newest first');
    assert.deepEqual(seqs(topic), numbers(42, 65));

    await page(bert, topic, () => bert.earlier(topic, 24));
    assert.deepEqual(seqs(topic), numbers(18, 65));
    await page(bert, topic, () => bert.earlier(topic, 24));
    assert.deepEqual(texts(topic), numbers(1, 65).map((i) => [i, `${i}`]));
  },

  async 'limits and ranges'(people) {
    const { anna, bert, toBert } = await archive(people, 110);
    const topic = await bert.open(anna.id, 5);
    const query = () => topic.startMetaQuery();
    assert.deepEqual(await page(bert, topic, query().withData(10, 20)), numbers(10, 19).reverse());
    assert.deepEqual(await page(bert, topic, query().withData(undefined, 20, 3)), [19, 18, 17]);
    assert.deepEqual(await page(bert, topic, query().withData(105)), numbers(105, 110).reverse());
    assert.deepEqual(await page(bert, topic, query().withData(111)), []);
    assert.equal((await page(bert, topic, query().withData(1, undefined, 1000))).length, 100);
    if (bert.since(24)) {
      const ranges = [{ low: 3 }, { low: 7, hi: 10 }, { low: 50, hi: 52 }];
      assert.deepEqual(await page(bert, topic, query().withDataRanges(ranges)), [51, 50, 9, 8, 7, 3]);
    }
    // Later messages than the ones in the cache.
    await topic.leave(false);
    await anna.say(toBert, 'the latest');
    await topic.subscribe();
    assert.deepEqual(await page(bert, topic, topic.startMetaQuery().withLaterData(24)), [111]);
  },

  async 'edit'(people) {
    const { anna, bert, toBert } = await archive(people, 3);
    const topic = await bert.open(anna.id);
    await anna.say(toBert, '2, corrected', { replace: ':2' });
    await until('the edit', () => bert.data.some((d) => d.seq === 4));
    assert.equal(bert.data.find((d) => d.seq === 4).head.replace, ':2');
    const fresh = await people.again(bert, { quiet: true });
    const later = await fresh.open(anna.id);
    for (const copy of [topic, later]) {
      if (bert.since(22)) {
        assert.deepEqual(texts(copy), [[1, '1'], [2, '2, corrected'], [3, '3']]);
      } else if (bert.since(20)) {
        assert.deepEqual(texts(copy), [[1, '1'], [3, '3'], [4, '2, corrected']]);
      } else {
        assert.deepEqual(texts(copy), [[1, '1'], [2, '2'], [3, '3'], [4, '2, corrected']]);
      }
    }
  },

  async 'delete for oneself'(people) {
    const { anna, bert } = await archive(people, 10);
    const topic = await bert.open(anna.id);
    const phone = await people.again(bert);
    const onPhone = await phone.open(anna.id);
    const soft = await topic.delMessages([{ low: 2, hi: 4 }, { low: 7 }], false);
    assert.equal(soft.params.del, 1);
    const left = [1, 4, 5, 6, 8, 9, 10];
    assert.deepEqual(seqs(topic), left);
    await until('the phone follows', () => seqs(onPhone).length === left.length);
    assert.deepEqual(seqs(onPhone), left);

    const tablet = await people.again(bert, { quiet: true });
    assert.deepEqual(seqs(await tablet.open(anna.id)), left);
    const [log] = tablet.meta.filter((m) => m.del).map((m) => m.del);
    assert.deepEqual(log, { clear: 1, delseq: [{ low: 2, hi: 4 }, { low: 7 }] });

    const annas = await people.again(anna, { quiet: true });
    assert.deepEqual(seqs(await annas.open(bert.id)), numbers(1, 10), 'nothing is gone for Anna');
  },

  async 'delete for everybody'(people) {
    const { anna, bert, toBert } = await archive(people, 10);
    const topic = await bert.open(anna.id);
    const hard = await toBert.delMessagesList([3, 4, 5, 9], true);
    assert.equal(hard.params.del, 1);
    const left = [1, 2, 6, 7, 8, 10];
    assert.deepEqual(seqs(toBert), left);
    await until('Bert follows', () => seqs(topic).length === left.length);
    assert.deepEqual(seqs(topic), left);

    // Who was away learns it from the log.
    const fresh = await people.again(bert, { quiet: true });
    assert.deepEqual(seqs(await fresh.open(anna.id)), left);
    const [log] = fresh.meta.filter((m) => m.del).map((m) => m.del);
    assert.deepEqual(log, { clear: 1, delseq: [{ low: 3, hi: 6 }, { low: 9 }] });

    // And goes on from there.
    await topic.leave(false);
    await toBert.delMessages([{ low: 1, hi: 3 }], true);
    await topic.subscribe();
    await bert.fetch(topic, topic.startMetaQuery().withLaterDel(24), 'del');
    assert.deepEqual(seqs(topic), [6, 7, 8, 10]);

    await toBert.delMessagesAll(true);
    await until('Bert has nothing left', () => seqs(topic).length === 0);
    if (anna.since(16)) assert.deepEqual(seqs(toBert), []); // 0.15 forgets its own cache
    assert.equal(await anna.say(toBert, 'next'), 11);
    await refused(400, anna.tinode.delMessages(bert.id, [{ low: 99 }], true));
  },
});

import assert from 'node:assert/strict';
import { refused, texts } from '../lib/client.js';
import { scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';

scenarios('long polling', {
  async 'the server introduces itself'(people, { sdk }) {
    const guest = await people.stranger('Guest/1.0', { transport: 'lp' });
    assert.equal(guest.Tinode.getVersion(), sdk.version);
    assert.equal(guest.tinode.getServerInfo().maxMessageSize, 131072);
    await refused(401, guest.me.subscribe());
  },

  async 'a conversation with somebody on a socket'(people) {
    const anna = await people.person('Anna');
    const bert = await people.person('Bert', { transport: 'lp' });
    const toBert = await anna.open(bert.id);
    await until('Anna in the list of Bert', () => bert.contact(anna.id)?.public);
    const toAnna = await bert.open(anna.id);
    assert.equal(toAnna.public.fn, 'Anna');
    await until('each sees the other', () => anna.contact(bert.id)?.online && bert.contact(anna.id)?.online);

    const want = [];
    for (let i = 1; i <= 9; i++) {
      const [who, topic] = i % 2 ? [anna, toBert] : [bert, toAnna];
      assert.equal(await who.say(topic, `Zeile ${i} 你好 🙂`), i);
      want.push([i, `Zeile ${i} 你好 🙂`]);
    }
    for (const topic of [toBert, toAnna]) {
      await until('all messages', () => texts(topic).length === want.length);
      assert.deepEqual(texts(topic), want);
    }
    toAnna.noteRead(9);
    await until('Bert has read', () => toBert.msgReadCount(9) === 1);
    toBert.noteKeyPress();
    await until('Anna is typing', () => bert.info.some((i) => i.what === 'kp' && i.from === anna.id));
    assert.equal(bert.disconnects, 0);
  },

  async 'many messages at once'(people) {
    const anna = await people.person('Anna');
    const bert = await people.person('Bert', { transport: 'lp' });
    const toBert = await anna.open(bert.id);
    await until('Anna in the list of Bert', () => bert.contact(anna.id)?.public);
    const toAnna = await bert.open(anna.id);
    const lines = Array.from({ length: 10 }, (_, i) => i); // each of them takes two polls
    const seqs = await Promise.all(lines.flatMap((i) => [anna.say(toBert, `a${i}`), bert.say(toAnna, `b${i}`)]));
    assert.deepEqual(seqs.toSorted((a, b) => a - b), lines.concat(lines).map((_, i) => i + 1));
    await until('all messages', () => texts(toBert).length === 20 && texts(toAnna).length === 20);
    assert.deepEqual(texts(toBert), texts(toAnna));
  },

  async 'two sessions of one person'(people) {
    const anna = await people.person('Anna');
    const second = await people.again(anna, { transport: 'lp' });
    const group = await anna.group({ desc: { public: { fn: 'Tea' } }, tags: ['tea'] });
    await until('the group in the other list', () => second.contact(group.name));
    const there = await second.open(group.name);
    await anna.say(group, 'one');
    await second.say(there, 'two');
    for (const topic of [group, there]) {
      await until('both messages', () => texts(topic).length === 2);
      assert.deepEqual(texts(topic), [[1, 'one'], [2, 'two']]);
    }
  },
});

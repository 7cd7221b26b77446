import assert from 'node:assert/strict';
import { refused, texts } from '../lib/client.js';
import { scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';

// chat makes two people with an open conversation.
async function chat(people) {
  const anna = await people.person('Anna');
  const bert = await people.person('Bert');
  const toBert = await anna.open(bert.id);
  await until('Anna in the list of Bert', () => bert.contact(anna.id)?.public);
  const toAnna = await bert.open(anna.id);
  return { anna, bert, toBert, toAnna };
}

scenarios('two people', {
  async 'a new conversation'(people) {
    const { anna, bert, toBert, toAnna } = await chat(people);
    assert.equal(toBert.public.fn, 'Bert');
    assert.equal(toAnna.public.fn, 'Anna');
    assert.equal(bert.contact(anna.id).public.fn, 'Anna');
    assert.equal(toBert.acs.getMode(), 'JRWPAD');
    assert.ok(toAnna.acs.isWriter());
    await refused(403, anna.tinode.getTopic(anna.id).subscribe());
    await refused(404, anna.tinode.getTopic('usrAQAAAAAAAAA').subscribe());
    await refused(400, anna.tinode.getTopic('usrX').subscribe());
  },

  async 'messages both ways, in order, without an echo'(people) {
    const { anna, bert, toBert, toAnna } = await chat(people);
    const second = await people.again(anna, { quiet: true });
    const secondToBert = await second.open(bert.id);
    const want = [];
    for (let i = 1; i <= 10; i++) {
      const [who, topic] = i % 3 ? [anna, toBert] : [bert, toAnna];
      assert.equal(await who.say(topic, `line ${i}`), i);
      want.push([i, `line ${i}`]);
    }
    for (const topic of [toBert, toAnna, secondToBert]) {
      await until('all messages', () => texts(topic).length === want.length);
      assert.deepEqual(texts(topic), want);
    }
    assert.deepEqual(anna.data.map((d) => d.seq), [3, 6, 9], 'no echo of what she wrote');
    assert.ok(anna.data.every((d) => d.from === bert.id && d.ts instanceof Date));
    assert.deepEqual(second.data.map((d) => d.seq), want.map(([seq]) => seq), 'her other session gets all');

    await toBert.publish('with an echo', false);
    await until('the echo', () => anna.data.some((d) => d.content === 'with an echo' && d.from === anna.id));
  },

  async 'many at once keep their order'(people) {
    const { anna, bert, toBert, toAnna } = await chat(people);
    const lines = Array.from({ length: 40 }, (_, i) => i);
    const seqs = await Promise.all(lines.flatMap((i) => [anna.say(toBert, `a${i}`), bert.say(toAnna, `b${i}`)]));
    assert.deepEqual(seqs.toSorted((a, b) => a - b), lines.concat(lines).map((_, i) => i + 1));
    await until('all messages', () => texts(toBert).length === 80 && texts(toAnna).length === 80);
    assert.deepEqual(texts(toBert), texts(toAnna));
    for (const name of ['a', 'b']) {
      const own = texts(toBert).map(([, text]) => text).filter((text) => text[0] === name);
      assert.deepEqual(own, lines.map((i) => name + i));
    }
  },

  async 'formatted text and any content'(people) {
    const { anna, toBert, toAnna } = await chat(people);
    await anna.say(toBert, 'this is *bold* and _slanted_');
    await anna.say(toBert, 'Grüße, 你好, 🙂 \u0000 "\\');
    await until('both', () => texts(toAnna).length === 2);
    const [[, first], [, second]] = texts(toAnna);
    assert.equal(first.txt, 'this is bold and slanted');
    assert.deepEqual(first.fmt.map((f) => f.tp).toSorted(), ['EM', 'ST']);
    assert.equal(second, 'Grüße, 你好, 🙂 \u0000 "\\');
    let mime;
    toAnna.messages((m) => m.seq === 1 && (mime = m.head.mime));
    assert.equal(mime, 'text/x-drafty');
  },

  async 'receipts and typing'(people) {
    const { anna, bert, toBert, toAnna } = await chat(people);
    const quiet = await people.again(anna); // on 'me' only
    await anna.say(toBert, 'one');
    const seq = await anna.say(toBert, 'two');
    await until('delivery', () => texts(toAnna).length === 2);
    toAnna.noteRecv(seq);
    await until('recv at the sender', () => toBert.msgRecvCount(seq) === 1);
    assert.equal(toBert.msgReadCount(1), 0);
    toAnna.noteRead(1);
    await until('the first is read', () => toBert.msgReadCount(1) === 1);
    assert.equal(toBert.msgReadCount(seq), 0);
    toAnna.noteRead(seq);
    await until('all is read', () => toBert.msgReadCount(seq) === 1);
    const read = anna.info.filter((i) => i.what === 'read' && i.from === bert.id && i.topic === bert.id);
    assert.deepEqual(read.map((i) => i.seq), [1, 2]);
    await until('the receipt on me', () => quiet.info.some((i) => i.topic === 'me' && i.src === bert.id && i.seq === 2));

    let typing;
    toBert.onInfo = (info) => info.what === 'kp' && (typing = info.from);
    toAnna.noteKeyPress();
    await until('typing', () => typing === bert.id);
    assert.ok(!bert.info.some((i) => i.what === 'kp'), 'not to the one who types');
  },

  async 'unread messages'(people) {
    const { anna, bert, toBert, toAnna } = await chat(people);
    const phone = await people.again(bert);
    await toAnna.leave(false);
    await anna.say(toBert, 'one');
    await anna.say(toBert, 'two');
    const seq = await anna.say(toBert, 'three');
    for (const session of [bert, phone]) {
      await until('three unread', () => session.unread(anna.id) === 3);
      assert.equal(session.contact(anna.id).seq, seq);
    }
    // A new session learns it from the list.
    const tablet = await people.again(bert);
    assert.equal(tablet.unread(anna.id), 3);

    const reopened = await bert.open(anna.id);
    reopened.noteRead(2);
    await until('one left on the phone', () => phone.unread(anna.id) === 1);
    await until('one left on the tablet', () => tablet.contact(anna.id).read === 2);
    reopened.noteRead(seq);
    await until('nothing left', () => phone.unread(anna.id) === 0);
    // Who writes has read.
    await bert.say(reopened, 'four');
    const last = await people.again(bert);
    assert.equal(last.unread(anna.id), 0);
    assert.equal(last.contact(anna.id).read, 4);
  },

  async 'block and unblock'(people) {
    const { anna, bert, toBert, toAnna } = await chat(people);
    await bert.access(toAnna, anna.id, '-W');
    await until('Anna knows', async () => !(await anna.renewed(toBert)).acs.isWriter());
    await refused(403, anna.tinode.publish(bert.id, 'can you hear me?'));
    await bert.access(toAnna, anna.id, '+W');
    await until('Anna knows', async () => (await anna.renewed(toBert)).acs.isWriter());
    await anna.say(toBert, 'thank you');
    await until('the message', () => texts(toAnna).length === 1);
  },

  async 'leave for good and come back'(people) {
    const { anna, bert, toBert, toAnna } = await chat(people);
    await anna.say(toBert, 'hello');
    await until('the message', () => texts(toAnna).length === 1);
    await toBert.leave(true);
    assert.equal(anna.contact(bert.id), undefined);
    const other = await people.again(anna);
    assert.equal(other.contact(bert.id), undefined);
    assert.ok(bert.contact(anna.id), 'the other side stays');
    const again = await other.open(bert.id);
    assert.deepEqual(texts(again), [[1, 'hello']]);
  },
});

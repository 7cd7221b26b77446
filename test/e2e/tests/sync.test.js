import assert from 'node:assert/strict';
import { texts } from '../lib/client.js';
import { scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';

const numbers = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const seqs = (topic) => texts(topic).map(([seq]) => seq);

// marks are recv and read of a contact.
const marks = (client, name) => {
  const { recv, read } = client.contact(name);
  return [recv | 0, read | 0];
};

scenarios('sessions of one user', {
  async 'share their marks'(people) {
    const anna = await people.regular('Anna');
    const bert = await people.person('Bert');
    const toBert = await anna.open(bert.id);
    await until('Anna in the list of Bert', () => bert.contact(anna.id)?.public);
    const phone = await people.again(bert);
    const toAnna = await bert.open(anna.id);
    for (const i of numbers(1, 5)) await anna.say(toBert, `${i}`);
    await until('all messages', () => texts(toAnna).length === 5);
    await until('five unread', () => phone.unread(anna.id) === 5);

    toAnna.noteRecv(5); // as the SDK does by itself a moment later
    await until('received', () => marks(phone, anna.id)[0] === 5);
    assert.equal(marks(phone, anna.id)[1], 0);
    toAnna.noteRead(3);
    await until('two unread', () => phone.unread(anna.id) === 2);
    assert.deepEqual(marks(phone, anna.id), [5, 3]);
    await until('Anna knows', () => toBert.msgReadCount(3) === 1);
    assert.equal(toBert.msgReadCount(4), 0);
    assert.ok(phone.pres.some((p) => p.src === anna.id && p.what === 'read' && p.seq === 3));

    // From the other side.
    const onPhone = await phone.open(anna.id);
    assert.equal(onPhone.read ?? phone.contact(anna.id).read, 3);
    onPhone.noteRead(4);
    if (bert.since(16)) await until('one left', () => bert.unread(anna.id) === 1);
    await until('told', () => bert.info.some((i) => i.what === 'read' && i.seq === 4 && i.from === bert.id));
    // A mark does not go back.
    phone.tinode.note(anna.id, 'read', 2);
    phone.tinode.note(anna.id, 'recv', 99);
    await phone.fetch(onPhone, onPhone.startMetaQuery().withSub(), 'sub'); // a round trip
    const tablet = await people.again(bert);
    assert.deepEqual(marks(tablet, anna.id), [5, 4]);

    // Who writes has read, and his other sessions know.
    await phone.say(onPhone, 'six');
    const last = await people.again(bert);
    assert.equal(last.unread(anna.id), 0);
    assert.deepEqual(marks(last, anna.id), [6, 6]);
    if (bert.since(16)) await until('nothing left on the tablet', () => tablet.unread(anna.id) === 0);
  },

  async 'each gets what another wrote'(people) {
    const anna = await people.regular('Anna');
    const bert = await people.person('Bert');
    const laptop = await people.again(bert);
    const phone = await people.again(bert);
    const group = await anna.group({ desc: { public: { fn: 'Team' } }, tags: ['team'] });
    const [ofBert, onLaptop] = [await bert.open(group.name), await laptop.open(group.name)];
    await bert.say(ofBert, 'from here');
    await laptop.say(onLaptop, 'from there');
    for (const topic of [group, ofBert, onLaptop]) {
      await until('both', () => texts(topic).length === 2);
      assert.deepEqual(texts(topic), [[1, 'from here'], [2, 'from there']]);
    }
    assert.deepEqual(bert.data.map((d) => d.seq), [2], 'without an echo');
    assert.deepEqual(laptop.data.map((d) => d.seq), [1]);
    await until('the phone knows', () => phone.contact(group.name)?.seq === 2);
    if (bert.since(16)) assert.equal(phone.unread(group.name), 0, 'his own');
    ofBert.noteKeyPress();
    await until('typing', () => anna.info.some((i) => i.what === 'kp' && i.topic === group.name));
    assert.ok(!laptop.info.some((i) => i.what === 'kp'), 'his own');
    // One leaves, the others stay.
    await onLaptop.leave(false);
    assert.ok(ofBert.isSubscribed());
    await anna.say(group, 'still there?');
    await until('the message', () => texts(ofBert).length === 3);
    assert.ok(group.subscriber(bert.id)?.online ?? true, 'he is still on');
  },

  async 'a group goes on and off'(people) {
    const anna = await people.person('Anna');
    const bert = await people.person('Bert');
    const group = await anna.group({ desc: { public: { fn: 'Team' } }, tags: ['team'] });
    await group.invite(bert.id, 'JRWPS');
    await until('on for Bert', () => bert.contact(group.name)?.online);
    // 0.16 may hear that its new group is on before it knows the group; so what
    // counts is what it was told last.
    const told = (client, what) => until(`${what} for ${client.id}`, () =>
      client.pres.findLast((p) => p.src === group.name && ['on', 'off'].includes(p.what))?.what === what);
    await group.leave(false);
    for (const client of [anna, bert]) {
      await told(client, 'off');
      assert.ok(!client.contact(group.name).online);
    }
    const ofBert = await bert.open(group.name);
    await told(anna, 'on');
    assert.ok(anna.contact(group.name).online);
    await bert.access(ofBert, undefined, '-P'); // muted: neither on nor off
    await ofBert.leave(false);
    await told(anna, 'off');
    const before = bert.pres.length;
    await anna.open(group.name);
    await told(anna, 'on');
    assert.ok(!bert.pres.slice(before).some((p) => p.src === group.name));
  },
});

scenarios('away and back', {
  async 'only what is new'(people) {
    const anna = await people.person('Anna');
    const bert = await people.person('Bert');
    const carl = await people.regular('Carl');
    const toBert = await anna.open(bert.id);
    await until('Anna in the list of Bert', () => bert.contact(anna.id)?.public);
    const toAnna = await bert.open(anna.id);
    const toCarl = await bert.open(carl.id);
    await bert.say(toCarl, 'hello');
    await toCarl.leave(false);
    for (const i of numbers(1, 6)) await anna.say(toBert, `${i}`);
    await until('all messages', () => texts(toAnna).length === 6);
    toAnna.noteRead(6);
    const doomed = await anna.group({ desc: { public: { fn: 'Doomed' } }, tags: ['doomed'] });
    await doomed.invite(bert.id, 'JRWPS');
    await until('the invitation', () => bert.contact(doomed.name)?.public);
    await until('read', () => toBert.msgReadCount(6) === 1);
    await bert.fetch(bert.me, bert.me.startMetaQuery().withSub(), 'sub');

    await bert.away();
    await toBert.delMessages([{ low: 2, hi: 4 }], true);
    for (const i of numbers(7, 9)) await anna.say(toBert, `${i}`);
    await anna.me.setMeta({ desc: { public: { fn: 'Annika' } } });
    const young = await anna.group({ desc: { public: { fn: 'Young' } }, tags: ['young'] });
    await young.invite(bert.id, 'JRWPS');
    await anna.say(young, 'welcome');
    await doomed.delTopic(false);

    const before = bert.meta.length;
    await bert.back();
    await until('the new messages', () => bert.unread(anna.id) === 3);
    assert.equal(bert.contact(anna.id).public.fn, 'Annika');
    assert.equal(bert.contact(young.name).public.fn, 'Young');
    assert.equal(bert.unread(young.name), 1);
    assert.ok(!bert.contact(doomed.name), 'deleted');
    const list = bert.meta.slice(before).find((m) => m.topic === 'me' && m.sub).sub;
    const changed = list.filter((s) => s.acs || s.deleted || s.public || s.seq);
    const names = changed.map((s) => s.topic);
    assert.deepEqual(names.sort(), [anna.id, young.name, doomed.name].sort(), 'nothing new from Carl');
    assert.ok(list.find((s) => s.topic === doomed.name).deleted);

    // The conversation: later messages, later deletions.
    const query = toAnna.startMetaQuery().withLaterDesc().withLaterSub().withLaterData(24).withLaterDel(24);
    await toAnna.subscribe(query.build());
    await until('the new messages', () => seqs(toAnna).includes(9));
    await until('the deletions', () => !seqs(toAnna).includes(2));
    assert.deepEqual(texts(toAnna), [1, 4, 5, 6, 7, 8, 9].map((i) => [i, `${i}`]));
    const twice = bert.data.filter((d) => d.topic === anna.id).map((d) => d.seq).sort((a, b) => a - b);
    assert.deepEqual(twice, numbers(1, 9), 'each once');
  },

  async 'messages written meanwhile are sent once'(people) {
    const anna = await people.regular('Anna');
    const bert = await people.person('Bert');
    const toBert = await anna.open(bert.id);
    const toAnna = await bert.open(anna.id);
    await bert.say(toAnna, 'one');
    await bert.away();
    let back;
    const online = new Promise((resolve) => (back = resolve));
    const drafts = ['two', 'three', 'four'].map((text) => toAnna.createMessage(text, true));
    const sent = drafts.map((draft) => toAnna.publishDraft(draft, online));
    await until('shown at once', () => texts(toAnna).length === 4);
    const dropped = toAnna.createMessage('never', true);
    const last = toAnna.publishDraft(dropped, online);
    assert.ok(toAnna.cancelSend(dropped.seq));
    const waiting = [];
    toAnna.queuedMessages((m) => waiting.push(m.content));
    // 0.15 finds its queue only if it begins with the first message ever.
    if (bert.since(16)) assert.deepEqual(waiting, ['two', 'three', 'four']);
    assert.equal(texts(toBert).length, 1);
    await anna.say(toBert, 'meanwhile');

    await bert.back();
    await toAnna.subscribe(toAnna.startMetaQuery().withLaterData(24).build());
    back();
    const answers = await Promise.all(sent);
    assert.deepEqual(answers.map((ctrl) => ctrl.params.seq), [3, 4, 5]);
    assert.equal((await last).code, 300, 'cancelled');
    const want = [[1, 'one'], [2, 'meanwhile'], [3, 'two'], [4, 'three'], [5, 'four']];
    for (const topic of [toBert, toAnna]) {
      await until('all messages', () => texts(topic).length === 5);
      assert.deepEqual(texts(topic), want);
    }
    const none = [];
    toAnna.queuedMessages((m) => m.seq > 1000 && none.push(m.content));
    assert.deepEqual(none, []);
    const fresh = await people.again(bert, { quiet: true });
    assert.deepEqual(texts(await fresh.open(anna.id)), want);
  },

  // As the web client does it: what failed stays in the queue.
  async 'what could not be sent is sent later'(people) {
    const anna = await people.regular('Anna');
    const bert = await people.person('Bert');
    const toBert = await anna.open(bert.id);
    const toAnna = await bert.open(anna.id);
    await bert.away();
    const drafts = ['a', 'b'].map((text) => toAnna.createMessage(text, true));
    for (const draft of drafts) await assert.rejects(toAnna.publishDraft(draft));
    await bert.back();
    await toAnna.subscribe();
    const queue = [];
    toAnna.queuedMessages((m) => queue.push(m));
    if (bert.since(20)) {
      assert.deepEqual(queue.map((m) => m.content), ['a', 'b']);
      for (const message of queue) await toAnna.publishMessage(message);
    } else {
      assert.deepEqual(queue, [], 'these leave it to the app');
      for (const draft of drafts) await toAnna.publishDraft(draft);
    }
    for (const topic of [toBert, toAnna]) {
      await until('both', () => texts(topic).length === 2);
      assert.deepEqual(texts(topic), [[1, 'a'], [2, 'b']]);
    }
  },

  async '250 messages in pages'(people) {
    const anna = await people.person('Anna');
    const bert = await people.person('Bert');
    const toBert = await anna.open(bert.id);
    await Promise.all(numbers(1, 250).map((i) => anna.say(toBert, `${i}`)));
    const topic = await bert.open(anna.id, 40);
    assert.equal(bert.contact(anna.id).seq, 250);
    for (let first = 211; first > 1;) {
      assert.deepEqual(seqs(topic), numbers(first, 250));
      const want = Math.max(1, first - 70);
      let count;
      topic.onAllMessagesReceived = (n) => (count = n | 0);
      await bert.earlier(topic, 70);
      await until('the end of the page', () => count !== undefined);
      assert.equal(count, first - want);
      first = want;
    }
    assert.deepEqual(texts(topic), numbers(1, 250).map((i) => [i, `${i}`]));
    const got = bert.data.filter((d) => d.topic === anna.id).map((d) => d.seq);
    assert.equal(new Set(got).size, got.length, 'nothing twice');
  },
});

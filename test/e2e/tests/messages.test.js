import assert from 'node:assert/strict';
import { texts } from '../lib/client.js';
import { needs, scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';

// chat makes an open conversation with these lines, all by Anna.
async function chat(people, ...lines) {
  const anna = await people.regular('Anna');
  const bert = await people.person('Bert');
  const toBert = await anna.open(bert.id);
  const toAnna = await bert.open(anna.id);
  for (const line of lines) await anna.say(toBert, line);
  await until('the lines', () => texts(toAnna).length === lines.length);
  return { anna, bert, toBert, toAnna };
}

// arrived is a message as the wire had it.
const arrived = (client, topic, seq) => until(`message ${seq}`, () =>
  client.data.find((d) => d.topic === topic.name && d.seq === seq));

scenarios('messages', {
  async 'replies, forwarded ones, and whatever an app puts beside'(people) {
    const { anna, bert, toBert, toAnna } = await chat(people, 'who is coming?', 'I am');
    const heads = [
      { reply: '1' },
      { forwarded: `${bert.id}:1` },
      { thread: ':2', mentions: [bert.id], hashtags: ['#party'], priority: 'high', auto: true },
      { 'x-app': { nested: [1, 'two', null, { three: 3.5 }] } },
    ];
    for (const [i, head] of heads.entries()) {
      const seq = await anna.say(toBert, `line ${i}`, structuredClone(head));
      assert.deepEqual((await arrived(bert, toAnna, seq)).head, head);
    }
    // In the history, too; the sender's name is not for clients to choose.
    const seq = await anna.say(toBert, 'it is me', { sender: bert.id });
    assert.equal((await arrived(bert, toAnna, seq)).head, undefined);
    const fresh = await people.again(bert, { quiet: true });
    await fresh.open(anna.id);
    const kept = fresh.data.sort((a, b) => a.seq - b.seq).map((d) => d.head);
    assert.deepEqual(kept, [undefined, undefined, ...heads, undefined]);
  },

  'quotes': needs('Drafty.quote', 'Drafty.replyContent', 'Drafty.forwardedContent', async (people) => {
    const { anna, bert, toBert, toAnna } = await chat(people, 'are we *done*?');
    const { Drafty } = bert;
    let original;
    toAnna.messages((m) => (original = m));
    const quote = Drafty.quote('Anna', anna.id, Drafty.replyContent(original.content, 30));
    const reply = await bert.say(toAnna, Drafty.append(quote, Drafty.parse('not _yet_')), { reply: '1' });
    const got = await arrived(anna, toBert, reply);
    assert.deepEqual(got.head, { mime: 'text/x-drafty', reply: '1' });
    assert.ok(got.content.txt.includes('are we done?') && got.content.txt.endsWith('not yet'));
    assert.deepEqual(got.content.fmt.map((f) => f.tp).filter(Boolean).sort(), ['BR', 'EM', 'QQ', 'ST']);
    assert.deepEqual(got.content.ent, [{ tp: 'MN', data: { val: anna.id } }]);

    const again = Drafty.forwardedContent(original.content);
    const forwarded = await bert.say(toAnna, again, { forwarded: `${anna.id}:1` });
    assert.deepEqual((await arrived(anna, toBert, forwarded)).content, JSON.parse(JSON.stringify(again)));
  }),

  async 'a picture and a file inside'(people) {
    const { anna, bert, toBert, toAnna } = await chat(people);
    const bits = Buffer.alloc(30_000, 'parley').toString('base64');
    const content = {
      txt: 'look: ',
      fmt: [{ at: 5, len: 1 }, { at: -1, key: 1 }], // the SDK does not send zeros
      ent: [
        { tp: 'IM', data: { mime: 'image/jpeg', val: bits, width: 120, height: 80, name: 'ä 🙂.jpg', size: 30_000 } },
        { tp: 'EX', data: { mime: 'text/plain', val: bits, name: 'notes.txt' } },
      ],
    };
    const seq = await anna.say(toBert, structuredClone(content));
    const got = await arrived(bert, toAnna, seq);
    assert.equal(got.head.mime, 'text/x-drafty');
    assert.deepEqual(got.content, content);
    // One that is too long ends the connection; the SDK comes back by itself.
    const huge = { txt: 'x'.repeat(140_000) };
    const message = Object.assign(toBert.createMessage('', true), { content: huge });
    const before = anna.disconnects;
    await assert.rejects(anna.tinode.publishMessage(message));
    assert.equal(anna.disconnects, before + 1);
    await anna.reconnected();
    await anna.tinode.loginToken(anna.tinode.getAuthToken().token);
    await toBert.subscribe();
    assert.equal(await anna.say(toBert, 'shorter'), seq + 1);
  },

  'versions of an edited message': needs('topic.messageVersions', 'topic.latestMsgVersion', async (people) => {
    const { anna, bert, toBert, toAnna } = await chat(people, 'frist', 'second');
    await anna.say(toBert, 'firts', { replace: ':1' });
    await anna.say(toBert, 'first', { replace: ':1' });
    await bert.say(toAnna, 'forged', { replace: ':1' }); // clients hide it: another's
    await arrived(anna, toBert, 5);
    await arrived(bert, toAnna, 4);
    const fresh = await people.again(bert, { quiet: true });
    const history = await fresh.open(anna.id);
    assert.deepEqual(fresh.data.map((d) => [d.seq, d.head?.replace]), [[5, ':1'], [4, ':1'], [3, ':1'], [2, undefined], [1, undefined]]);
    for (const topic of [toAnna, history]) {
      const versions = [];
      topic.messageVersions(bert.since(22) ? 1 : { seq: 1 }, (m) => versions.push(m.content));
      // 0.20 does not look who wrote them, later ones can't in a history that
      // comes newest first.
      const hers = versions.filter((content) => content !== 'forged');
      assert.deepEqual(hers, ['firts', 'first']);
    }
    if (bert.since(22)) assert.equal(toAnna.latestMsgVersion(1).content, 'first');
  }),

  'an edited message is deleted with its versions': needs('topic.delMessagesEdits', async (people) => {
    const { anna, bert, toBert, toAnna } = await chat(people, 'one', 'two', 'three');
    await anna.say(toBert, '2', { replace: ':2' });
    await anna.say(toBert, '2!', { replace: ':2' });
    await arrived(bert, toAnna, 5);
    const { params } = await toBert.delMessagesEdits(2, true);
    assert.equal(params.del, 1);
    const { delseq } = await until('the news', () => bert.pres.find((p) => p.what === 'del' && p.topic === anna.id));
    assert.deepEqual(delseq, [{ low: 2 }, { low: 4, hi: 6 }]);
    for (const topic of [toBert, toAnna, await (await people.again(bert, { quiet: true })).open(anna.id)]) {
      assert.deepEqual(texts(topic), [[1, 'one'], [3, 'three']]);
    }
  }),

  'recording a voice message': needs('topic.noteRecording', async (people) => {
    const { anna, bert, toBert, toAnna } = await chat(people);
    const phone = await people.again(bert);
    toBert.noteRecording(true);
    toBert.noteRecording(false);
    toBert.noteKeyPress();
    for (const [what, topic] of [['kpa', toAnna.name], ['kpv', toAnna.name], ['kp', toAnna.name]]) {
      const info = await until(what, () => bert.info.find((i) => i.what === what && i.topic === topic));
      assert.deepEqual([info.from, info.seq], [anna.id, undefined]);
      // Who has not opened the conversation sees it in the list.
      const listed = await until(`${what} on me`, () => phone.info.find((i) => i.what === what && i.topic === 'me'));
      assert.deepEqual([listed.src, listed.from], [anna.id, anna.id]);
    }
  }),
});

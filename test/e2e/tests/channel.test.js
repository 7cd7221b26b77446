import assert from 'node:assert/strict';
import { refused, texts } from '../lib/client.js';
import { needs, scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';

const isChannel = 'Tinode.isChannelTopicName';

// news makes a channel: Anna owns it, Bert was invited to write with her, Carl
// reads.
async function news(people) {
  const anna = await people.regular('Anna');
  const bert = await people.regular('Bert');
  const carl = await people.regular('Carl');
  const ofAnna = await anna.channel({ desc: { public: { fn: 'News' } } });
  const { name } = ofAnna;
  await ofAnna.invite(bert.id, 'JRWPS');
  await until('the invitation', () => bert.contact(name)?.public);
  const ofBert = await bert.open(name);
  await anna.say(ofAnna, 'first');
  const asReader = name.replace('grp', 'chn');
  const ofCarl = await carl.open(asReader);
  return { anna, bert, carl, ofAnna, ofBert, ofCarl, name, asReader };
}

scenarios('a channel', {
  'a reader gets messages without a sender, and stays unseen': needs(isChannel, async (people) => {
    const { anna, bert, carl, ofAnna, ofBert, ofCarl, name, asReader } = await news(people);
    assert.match(name, /^grp/);
    assert.equal(ofAnna.chan, true);
    assert.equal(ofAnna.getDefaultAccess().auth, 'RWPS', 'members have to be invited');
    assert.equal(ofCarl.name, asReader);
    assert.equal(ofCarl.public.fn, 'News');
    assert.deepEqual(ofCarl.acs.jsonHelper?.() ?? ofCarl.acs, { mode: 'JRP', given: 'JRP', want: 'JRP' });
    assert.deepEqual(texts(ofCarl), [[1, 'first']], 'the history');

    await bert.say(ofBert, 'by Bert');
    await anna.say(ofAnna, 'by Anna');
    for (const topic of [ofAnna, ofBert, ofCarl]) {
      await until('all messages', () => texts(topic).length === 3);
      assert.deepEqual(texts(topic), [[1, 'first'], [2, 'by Bert'], [3, 'by Anna']]);
    }
    const seen = carl.data.filter((d) => d.topic === asReader);
    assert.deepEqual(seen.map((d) => d.seq), [1, 2, 3]);
    assert.ok(seen.every((d) => !('from' in d)), 'no sender');
    assert.equal(anna.data.find((d) => d.topic === name && d.seq === 2).from, bert.id, 'members see who wrote');

    // Members see neither him nor his marks; he sees himself alone.
    ofCarl.noteRead(3);
    const fresh = await people.again(anna);
    const members = [];
    (await fresh.open(name)).subscribers((user) => members.push(user.user));
    assert.deepEqual(members.sort(), [anna.id, bert.id].sort());
    const listed = [];
    ofCarl.subscribers((user) => listed.push(user.user));
    assert.deepEqual(listed, [carl.id]);
    assert.ok(!anna.info.some((i) => i.from === carl.id));
    assert.ok(!anna.pres.some((p) => p.topic === name && p.src === carl.id));
    const phone = await people.again(carl);
    await until('his own mark', async () => phone.contact(asReader).read === 3);
  }),

  'what a reader may not do': needs(isChannel, async (people) => {
    const { anna, bert, carl, ofAnna, ofCarl, name, asReader } = await news(people);
    await refused(403, carl.tinode.publish(asReader, 'me, too'));
    await refused(405, carl.tinode.delMessages(asReader, [{ low: 1 }], true));
    await refused(405, carl.tinode.delMessages(asReader, [{ low: 1 }], false));
    await refused(403, ofCarl.invite(bert.id, 'JRW'));
    await refused(403, ofCarl.setMeta({ desc: { public: { fn: 'Mine' } } }));
    await refused(403, ofCarl.setMeta({ tags: ['mine'] }));
    await refused(403, ofCarl.delSubscription(bert.id));
    assert.deepEqual(texts(ofAnna), [[1, 'first']]);
    await ofCarl.leave(false);
    await refused(403, carl.tinode.getTopic(name).subscribe());
    // A group without readers has no such name.
    const plain = await anna.group({ desc: { public: { fn: 'Plain' } } });
    await refused(404, carl.tinode.getTopic(plain.name.replace('grp', 'chn')).subscribe());
  }),

  'a reader mutes, leaves and comes back': needs(isChannel, async (people) => {
    const { anna, carl, ofAnna, ofCarl, asReader } = await news(people);
    const phone = await people.again(carl);
    assert.equal(phone.contact(asReader).public.fn, 'News');
    await ofCarl.leave(false);
    await anna.say(ofAnna, 'second');
    // Readers of a channel get pushes, not news on 'me'; who asks is told.
    const asked = await people.again(carl);
    assert.equal(asked.unread(asReader), 2);
    assert.equal(asked.contact(asReader).seq, 2);
    assert.ok(!phone.pres.some((p) => p.src === asReader && p.what === 'msg'));
    const again = await carl.open(asReader);
    assert.deepEqual(texts(again), [[1, 'first'], [2, 'second']]);

    await carl.access(again, undefined, '-P');
    assert.equal(again.acs.getMode(), 'JR');
    await carl.access(again, undefined, '+P');
    // He can't want more than readers have.
    const { params } = await again.setMeta({ sub: { mode: 'JRWPASDO' } }) ?? {};
    if (params?.acs) assert.equal(new carl.Tinode.AccessMode(params.acs).getMode?.() ?? params.acs.mode, 'JRP');
    assert.equal(again.acs.getMode(), 'JRP');

    await again.leave(true);
    assert.equal(carl.contact(asReader), undefined);
    await until('gone from the phone', () => !phone.contact(asReader));
    await anna.say(ofAnna, 'third');
    const other = await people.again(carl); // 0.20 never opens again what it has left
    const back = await other.open(asReader);
    assert.deepEqual(texts(back), [[1, 'first'], [2, 'second'], [3, 'third']]);
    const told = (what) => phone.pres.some((p) => p.src === asReader && p.what === what);
    await until('the phone knows', () => told('gone') && told('acs'));
    const fresh = await people.again(anna);
    assert.equal((await fresh.open(ofAnna.name)).subcnt, 3, 'two members, one reader');
  }),

  'a member who asks to read is sent to the group': needs(isChannel, async (people) => {
    const { bert, ofBert, asReader } = await news(people);
    await ofBert.leave(false);
    const topic = bert.tinode.getTopic(asReader);
    const ctrl = await topic.subscribe();
    assert.deepEqual([ctrl.code, ctrl.text, ctrl.params.topic], [303, 'use other', ofBert.name]);
    assert.ok(!topic.isSubscribed());
    assert.equal((await bert.open(ctrl.params.topic)).acs.getMode(), 'JRWPS');
  }),

  'a deleted channel': needs(isChannel, async (people) => {
    const { bert, carl, ofAnna, name, asReader } = await news(people);
    await ofAnna.delTopic(true);
    await until('gone for the member', () => !bert.contact(name));
    await until('gone for the reader', () => !carl.contact(asReader));
    const fresh = await people.again(carl);
    assert.equal(fresh.contact(asReader), undefined);
    await refused(404, fresh.tinode.getTopic(asReader).subscribe());
  }),
});

import assert from 'node:assert/strict';
import { refused, texts } from '../lib/client.js';
import { scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';

// team makes a group of three: Anna owns it, Bert was invited, Carl came by name.
async function team(people) {
  const anna = await people.regular('Anna');
  const bert = await people.regular('Bert');
  const carl = await people.regular('Carl');
  const ofAnna = await anna.group({
    desc: { public: { fn: 'Team' }, private: { comment: 'work' } },
    tags: ['team', 'work'],
  });
  const { name } = ofAnna;
  await ofAnna.invite(bert.id, 'JRWPS');
  await until('the invitation', () => bert.contact(name)?.public);
  const ofBert = await bert.open(name);
  const ofCarl = await carl.open(name);
  if (!anna.since(16)) {
    await anna.fetch(ofAnna, ofAnna.startMetaQuery().withSub(), 'sub');
    await bert.fetch(ofBert, ofBert.startMetaQuery().withSub(), 'sub');
  }
  await until('all members', () => members(ofAnna).length === 3 && members(ofBert).length === 3);
  return { anna, bert, carl, ofAnna, ofBert, ofCarl, name };
}

function members(topic) {
  const out = [];
  topic.subscribers((user) => out.push(user.user));
  return out.sort();
}

scenarios('a group', {
  async 'made, invited, joined'(people) {
    const { anna, bert, carl, ofAnna, ofBert, ofCarl, name } = await team(people);
    assert.match(name, /^grp[A-Za-z0-9_-]+$/);
    assert.equal(ofAnna.public.fn, 'Team');
    assert.equal(ofAnna.private.comment, 'work');
    assert.deepEqual(ofAnna.tags(), ['team', 'work']);
    assert.equal(ofAnna.acs.getMode(), 'JRWPASDO');
    assert.equal(anna.contact(name).public.fn, 'Team');
    assert.deepEqual(ofAnna.getDefaultAccess(), { auth: 'JRWPS', anon: 'N' });

    assert.equal(bert.contact(name).public.fn, 'Team');
    assert.equal(ofBert.acs.getMode(), 'JRWPS');
    assert.equal(ofBert.private?.comment, undefined);
    assert.equal(ofCarl.acs.getMode(), 'JRWPS');
    assert.ok(carl.contact(name));

    const all = [anna.id, bert.id, carl.id].sort();
    for (const topic of [ofAnna, ofBert]) assert.deepEqual(members(topic), all);
    const listed = await (await people.again(carl)).open(name);
    assert.deepEqual(members(listed), all);
    assert.equal(listed.subscriber(bert.id).public.fn, 'Bert');
    assert.ok(ofBert.subscriber(anna.id).acs.isOwner());

    await refused(404, carl.tinode.getTopic('grpDoesNotExist').subscribe());
    await refused(403, bert.me.leave(true));
  },

  async 'messages, receipts and typing reach everybody'(people) {
    const { anna, bert, carl, ofAnna, ofBert, ofCarl } = await team(people);
    await anna.say(ofAnna, 'one');
    await bert.say(ofBert, 'two');
    const seq = await carl.say(ofCarl, 'three');
    for (const topic of [ofAnna, ofBert, ofCarl]) {
      await until('all messages', () => texts(topic).length === 3);
      assert.deepEqual(texts(topic), [[1, 'one'], [2, 'two'], [3, 'three']]);
    }
    assert.deepEqual(anna.data.map((d) => d.from), [bert.id, carl.id]);

    ofAnna.noteRecv(seq);
    ofBert.noteRecv(seq);
    await until('two got it', () => ofCarl.msgRecvCount(seq) === 2);
    assert.equal(ofCarl.msgReadCount(seq), 0);
    ofBert.noteRead(seq);
    ofAnna.noteRead(seq);
    await until('two read it', () => ofCarl.msgReadCount(seq) === 2);

    ofBert.noteKeyPress();
    for (const other of [anna, carl]) {
      await until('typing', () => other.info.some((i) => i.what === 'kp' && i.from === bert.id));
    }
  },

  async 'on and off in the topic'(people) {
    const { bert, carl, ofAnna, ofBert, ofCarl, name } = await team(people);
    await until('Carl is on', () => ofAnna.subscriber(carl.id).online);
    await ofCarl.leave(false);
    await until('Carl is off', () => !ofAnna.subscriber(carl.id).online && !ofBert.subscriber(carl.id).online);
    await carl.open(name);
    await until('Carl is on again', () => ofAnna.subscriber(carl.id).online);
    assert.ok(bert.pres.some((p) => p.topic === name && p.src === carl.id && p.what === 'on'));
    assert.ok(carl.contact(name).online, 'the group is live for its members');
  },

  async 'mute'(people) {
    const { anna, bert, carl, ofAnna, ofBert, ofCarl, name } = await team(people);
    await bert.access(ofBert, undefined, '-P');
    assert.ok(bert.contact(name).acs.isMuted());
    await until('Anna knows', () => ofAnna.subscriber(bert.id).acs.isMuted());
    await ofBert.leave(false);
    await ofCarl.leave(false);
    await anna.say(ofAnna, 'does anybody hear me?');
    await until('news for Carl', () => carl.unread(name) === 1);
    assert.ok(!bert.pres.some((p) => p.src === name && p.what === 'msg'), 'no news for Bert');

    const again = await bert.open(name);
    assert.deepEqual(texts(again), [[1, 'does anybody hear me?']]);
    await bert.access(again, undefined, '+P');
    assert.ok(!bert.contact(name).acs.isMuted());
    await again.leave(false);
    await anna.say(ofAnna, 'and now?');
    await until('news for Bert', () => bert.pres.some((p) => p.src === name && p.what === 'msg' && p.seq === 2));
  },

  async 'ban and unban'(people) {
    const { anna, carl, ofAnna, ofCarl, name } = await team(people);
    await anna.access(ofAnna, carl.id, '-J');
    const { topic, params } = await carl.evicted();
    assert.deepEqual([topic, params.unsub], [name, false]);
    if (carl.since(16)) assert.ok(!ofCarl.isSubscribed());
    else ofCarl._resetSub(); // 0.15 does not notice
    await refused(403, ofCarl.subscribe());
    await refused(409, carl.tinode.publish(name, 'let me in'));

    await anna.access(ofAnna, carl.id, '+J');
    await until('Carl knows', () => carl.contact(name).acs.getGiven().includes('J'));
    const again = await carl.open(name);
    await carl.say(again, 'here I am');
    await until('the message', () => texts(ofAnna).length === 1);
  },

  async 'leave and be removed'(people) {
    const { anna, bert, carl, ofAnna, ofBert, ofCarl, name } = await team(people);
    const carlsPhone = await people.again(carl);
    await ofCarl.leave(true);
    assert.equal(carl.contact(name), undefined);
    await until('gone from the phone', () => !carlsPhone.contact(name));
    await until('Anna knows', () => anna.pres.some((p) =>
      p.topic === name && p.src === carl.id && p.what === 'acs' && p.dacs.want === 'N' && p.dacs.given === 'N'));

    await refused(403, ofBert.delSubscription(anna.id));
    await ofAnna.delSubscription(bert.id);
    await until('Bert is out', () => !bert.contact(name));
    const { topic, params } = await bert.evicted();
    assert.deepEqual([topic, params.unsub], [name, true]);
    const fresh = await people.again(anna);
    assert.deepEqual(members(await fresh.open(name)), [anna.id]);
    await refused(403, ofAnna.leave(true));
  },

  async 'the owner edits the description'(people) {
    const { anna, bert, carl, ofAnna, ofBert, ofCarl, name } = await team(people);
    await refused(403, ofBert.setMeta({ desc: { public: { fn: 'Mine' } } }));
    await ofCarl.leave(false);
    await ofAnna.setMeta({ desc: { public: { fn: 'Team 2', note: 'about' } } });
    for (const member of [bert, carl]) {
      await until('the new name', () => member.contact(name).public.fn === 'Team 2');
      assert.equal(member.contact(name).public.note, 'about');
    }
    await ofAnna.setMeta({ desc: { defacs: { auth: 'JRWP', anon: 'N' } } });
    await ofAnna.setMeta({ tags: ['other'] });
    const fresh = await people.again(anna);
    const topic = await fresh.open(name);
    await fresh.fetch(topic, topic.startMetaQuery().withTags(), 'tags');
    assert.deepEqual(topic.tags(), ['other']);
    assert.equal(topic.getDefaultAccess().auth, 'JRWP');
    assert.equal(topic.public.fn, 'Team 2');
  },

  async 'another owner'(people) {
    const { anna, bert, ofAnna, ofBert, ofCarl, name } = await team(people);
    await refused(403, ofBert.setMeta({ sub: { mode: 'JRWPASDO' } }));
    await anna.access(ofAnna, bert.id, '+O');
    await until('the offer', async () => (await bert.renewed(ofBert)).acs.getGiven().includes('O'));
    assert.ok(ofAnna.acs.isOwner());
    await ofBert.setMeta({ sub: { mode: 'JRWPASDO' } });
    assert.ok(ofBert.acs.isOwner());
    await until('Anna knows', async () => !(await anna.renewed(ofAnna)).acs.isOwner());
    await until('the others, too', () => anna.contact(name).acs.getMode() === 'JRWPASD');

    await refused(403, ofAnna.setMeta({ desc: { public: { fn: 'Mine' } } }));
    await ofBert.setMeta({ desc: { public: { fn: 'His' } } });
    await refused(403, ofBert.leave(true));
    await ofAnna.leave(true);
    assert.ok(ofCarl.isSubscribed());
  },

  async 'deleted'(people) {
    const { anna, bert, carl, ofAnna, ofBert, ofCarl, name } = await team(people);
    await anna.say(ofAnna, 'farewell');
    await ofCarl.leave(false);
    await ofAnna.delTopic(true);
    for (const member of [anna, bert, carl]) {
      await until('no such group', () => !member.contact(name));
    }
    const fresh = await people.again(bert);
    await refused(404, fresh.tinode.getTopic(name).subscribe());
    assert.ok(!ofAnna.isSubscribed());
    await refused(409, bert.tinode.publish(name, 'anybody?'));
    assert.equal(texts(ofBert).length, 1);
  },
});

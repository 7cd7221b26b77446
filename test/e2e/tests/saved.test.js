import assert from 'node:assert/strict';
import { refused, texts } from '../lib/client.js';
import { needs, scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';

// What somebody keeps for himself, and what members keep together.
scenarios('kept things', {
  'notes to oneself': needs('Tinode.isSelfTopicName', 'topic.isSelfType', async (people) => {
    const anna = await people.person('Anna');
    const phone = await people.again(anna);
    const notes = await anna.open('slf');
    assert.ok(notes.isSelfType());
    assert.equal(notes.acs.getMode(), 'JRWDO');
    await until('on the phone', () => phone.contact('slf')?.acs);
    const onPhone = await phone.open('slf');
    await anna.say(notes, 'milk');
    await anna.say(notes, 'bread');
    await until('the notes', () => texts(onPhone).length === 2);
    assert.deepEqual(texts(onPhone), [[1, 'milk'], [2, 'bread']]);
    await phone.say(onPhone, 'butter');
    await until('the note', () => texts(notes).length === 3);
    assert.ok(phone.data.every((d) => d.topic === 'slf' && d.from === anna.id));

    await notes.delMessages([{ low: 1 }], true);
    await notes.setMeta({ desc: { private: { comment: 'shopping' } } });
    const fresh = await people.again(anna);
    assert.equal(fresh.contact('slf').private.comment, 'shopping');
    assert.equal(fresh.unread('slf'), 0);
    assert.deepEqual(texts(await fresh.open('slf')), [[2, 'bread'], [3, 'butter']]);
    await refused(403, notes.leave(true));
    const bert = await people.regular('Bert');
    assert.deepEqual(texts(await bert.open('slf')), [], 'everybody has his own');
  }),

  'pinned messages': needs('topic.pinMessage', 'topic.getPinnedMessages', async (people) => {
    const anna = await people.regular('Anna');
    const bert = await people.regular('Bert');
    const carl = await people.regular('Carl');
    const group = await anna.group({ desc: { public: { fn: 'Team' } } });
    const ofBert = await bert.open(group.name);
    const ofCarl = await carl.open(group.name);
    for (let i = 1; i <= 30; i++) await anna.say(group, `${i}`);
    await refused(403, ofBert.pinMessage(1, true));
    await anna.access(group, carl.id, '+A');
    await until('the offer', () => ofCarl.acs.getGiven().includes('A'));
    await carl.access(ofCarl, undefined, '+A');

    await group.pinMessage(2, true);
    await until('one pin', () => ofBert.aux('pins')?.length === 1 && ofCarl.aux('pins')?.length === 1);
    await ofCarl.pinMessage(7, true);
    for (const topic of [group, ofBert]) {
      await until('two pins', () => topic.aux('pins').length === 2);
      assert.deepEqual(topic.aux('pins'), [2, 7]);
    }
    // Who comes later fetches the pinned messages out of the middle.
    const fresh = await people.again(bert, { quiet: true });
    const topic = await fresh.open(group.name, 5);
    await fresh.fetch(topic, topic.startMetaQuery().withAux(), 'aux');
    assert.deepEqual(topic.aux('pins'), [2, 7]);
    await topic.getPinnedMessages();
    await until('the pinned messages', () => topic.findMessage(2) && topic.findMessage(7));
    assert.equal(topic.findMessage(2).content, '2');
    assert.equal(topic.findMessage(3), undefined, 'the others are not fetched');

    await group.pinMessage(7, false);
    await until('one again', () => ofBert.aux('pins').length === 1);
    assert.deepEqual(ofBert.aux('pins'), [2]);
    await group.pinMessage(2, false);
    await until('the news', () => bert.pres.filter((p) => p.what === 'aux').length === 4);
    const last = await people.again(bert, { quiet: true });
    const empty = await last.open(group.name, 5);
    const { params } = await empty.getMeta(empty.startMetaQuery().withAux().build());
    assert.equal(params.what, 'aux'); // 204: nothing there
    assert.equal(empty.aux('pins'), undefined);
  }),

  'pinned conversations': needs('me.pinTopic', 'Tinode.parseTinodeUrl', async (people) => {
    const anna = await people.person('Anna');
    const bert = await people.regular('Bert');
    const phone = await people.again(anna);
    await anna.open(bert.id);
    const group = await anna.group({ desc: { public: { fn: 'Team' } } });
    await anna.me.pinTopic(bert.id, true);
    await anna.me.pinTopic(group.name, true);
    await until('the phone follows', () => phone.me.pinnedTopicRank(group.name) === 2);
    assert.equal(phone.me.pinnedTopicRank(bert.id), 1);
    await anna.me.pinTopic(group.name, false);
    await until('the phone follows', () => phone.me.pinnedTopicRank(bert.id) === 1 && phone.me.pinnedTopicRank(group.name) === 0);
    const fresh = await people.again(anna);
    assert.deepEqual(fresh.me.private.tpin, [bert.id]);
  }),

  'archived conversations': needs('topic.archive', async (people) => {
    const anna = await people.person('Anna');
    const bert = await people.regular('Bert');
    const topic = await anna.open(bert.id);
    await topic.setMeta({ desc: { private: { comment: 'old friend' } } });
    const phone = await people.again(anna);
    assert.ok(!phone.me.isArchived(bert.id));
    await topic.archive(true);
    await until('the phone follows', () => phone.me.isArchived(bert.id));
    assert.deepEqual(phone.contact(bert.id).private, { comment: 'old friend', arch: true });
    const fresh = await people.again(anna);
    assert.ok((await fresh.open(bert.id)).isArchived());
    await topic.archive(false);
    const later = await people.again(anna);
    assert.ok(!later.me.isArchived(bert.id));
    assert.deepEqual(later.contact(bert.id).private, { comment: 'old friend' });
    const other = await people.again(bert);
    assert.ok(!other.contact(anna.id).private, 'nobody else sees it');
  }),

  async 'comments and accepted invitations'(people) {
    const anna = await people.regular('Anna');
    const bert = await people.regular('Bert');
    const group = await anna.group({ desc: { public: { fn: 'Team' }, private: { comment: 'mine' } } });
    await group.invite(bert.id);
    await until('the invitation', () => bert.contact(group.name)?.public);
    // As the web client accepts: the whole of what is given, then the flag.
    const ofBert = await bert.open(group.name);
    await ofBert.setMeta({ sub: { mode: ofBert.acs.getGiven() } });
    await ofBert.setMeta({ desc: { private: { accepted: true } } });
    await ofBert.setMeta({ desc: { private: { comment: 'from Anna', list: [1, 2] } } });
    await ofBert.setMeta({ desc: { private: { list: [3] } } });
    const fresh = await people.again(bert);
    assert.deepEqual(fresh.contact(group.name).private, { accepted: true, comment: 'from Anna', list: [3] });
    const annas = await people.again(anna);
    assert.deepEqual(annas.contact(group.name).private, { comment: 'mine' });
    // Without attaching, too.
    await fresh.tinode.setMeta(group.name, { desc: { private: { comment: bert.clear } } });
    const later = await people.again(bert);
    assert.deepEqual(later.contact(group.name).private, { accepted: true, list: [3] });
  },
});

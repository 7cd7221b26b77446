import assert from 'node:assert/strict';
import { refused } from '../lib/client.js';
import { needs, scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';

// seen is what a new session of somebody finds on 'me'.
async function seen(people, client) {
  const fresh = await people.again(client);
  return fresh.me;
}

scenarios('profile', {
  async 'public data is set, merged and cleared'(people) {
    const anna = await people.person('Anna');
    await anna.me.setMeta({ desc: { public: { fn: 'Anna', note: 'hello', org: { name: 'Acme', title: 'chief' } } } });
    await anna.me.setMeta({ desc: { public: { note: anna.clear, org: { title: 'queen' } } } });
    let me = await seen(people, anna);
    assert.deepEqual(me.public, { fn: 'Anna', org: { name: 'Acme', title: 'queen' } });

    await anna.me.setMeta({ desc: { public: anna.clear } });
    me = await seen(people, anna);
    assert.ok(!me.public);
  },

  async 'a card is seen by those who know him'(people) {
    const anna = await people.person('Anna');
    const bert = await people.regular('Bert');
    await anna.open(bert.id);
    await until('Bert knows her', () => bert.contact(anna.id)?.public && bert.contact(anna.id).online);
    const phone = (value) => ({ des: ['voice'], proto: 'tel', value });
    const card = {
      fn: 'Anna Ä.', note: 'back on Monday', org: { fn: 'Acme', title: 'chief' },
      photo: { type: 'png', data: 'iVBORw0KGgo=' }, comm: [phone('+17025550001'), phone('+17025550002')],
    };
    await anna.me.setMeta({ desc: { public: structuredClone(card) } });
    await until('the card', () => bert.contact(anna.id).public.org?.title === 'chief');
    assert.deepEqual(bert.contact(anna.id).public, card);
    const del = anna.clear;
    const update = { note: del, org: { title: del }, photo: { data: del, ref: '/v0/file/s/abc.png' }, comm: [phone('+17025550003')] };
    await anna.me.setMeta({ desc: { public: update } });
    const fresh = await people.again(bert);
    const want = { fn: 'Anna Ä.', org: { fn: 'Acme' }, photo: { type: 'png', ref: '/v0/file/s/abc.png' }, comm: [phone('+17025550003')] };
    assert.deepEqual(fresh.contact(anna.id).public, want);
    assert.deepEqual((await fresh.open(anna.id)).public, want);
    // A stranger, too, who asks without a conversation.
    const carl = await people.regular('Carl');
    const topic = carl.tinode.getTopic(anna.id);
    const { desc } = await carl.fetch(topic, topic.startMetaQuery().withDesc(), 'desc');
    assert.deepEqual(desc.public, want);
    assert.deepEqual([desc.seq, desc.private, desc.seen], [undefined, undefined, undefined]);
  },

  'TheCard': needs('TheCard.setFn', 'TheCard.setNote', 'TheCard.setPhoto', 'TheCard.addPhone', async (people) => {
    const anna = await people.person('Anna');
    const { TheCard } = anna;
    const picture = 'data:image/png;base64,iVBORw0KGgo=';
    let card = TheCard.setFn(null, ' Anna ');
    card = TheCard.setNote(card, 'hello');
    card = TheCard.setPhoto(card, picture);
    card = TheCard.addPhone(card, '+17025550001', 'mobile');
    card = TheCard.addEmail(card, 'anna@example.com', 'work');
    await anna.me.setMeta({ desc: { public: card } });
    let me = await seen(people, anna);
    assert.equal(TheCard.getFn(me.public), 'Anna');
    assert.equal(TheCard.getPhotoUrl(me.public), picture);
    assert.deepEqual(TheCard.getPhones(me.public), ['+17025550001']);
    assert.deepEqual(TheCard.getEmails(me.public), ['anna@example.com']);
    assert.ok(!('ref' in me.public.photo), 'what was to be cleared is not stored');

    let update = TheCard.setNote({}, '');
    update = TheCard.setPhoto(update, '/v0/file/s/abc.jpg');
    await anna.me.setMeta({ desc: { public: update } });
    me = await seen(people, anna);
    assert.equal(TheCard.getPhotoUrl(me.public), '/v0/file/s/abc.jpg');
    assert.deepEqual(me.public.photo, { type: 'jpeg', ref: '/v0/file/s/abc.jpg' });
    assert.ok(!('note' in me.public));
    assert.equal(TheCard.getFn(me.public), 'Anna');
    await anna.me.setMeta({ desc: { public: TheCard.setPhoto({}, null) } });
    me = await seen(people, anna);
    assert.ok(!('photo' in me.public));
  }),

  async 'private data is set, merged and cleared'(people) {
    const anna = await people.person('Anna');
    const bert = await people.person('Bert');
    const topic = await anna.open(bert.id);
    await topic.setMeta({ desc: { private: { comment: 'a friend', color: 'red' } } });
    await topic.setMeta({ desc: { private: { color: anna.clear, arch: true } } });
    const fresh = await people.again(anna);
    assert.deepEqual(fresh.contact(bert.id).private, { comment: 'a friend', arch: true });
    if (anna.since(16)) assert.ok(fresh.me.isArchived(bert.id));
    assert.deepEqual((await fresh.open(bert.id)).private, { comment: 'a friend', arch: true });

    await topic.setMeta({ desc: { private: anna.clear } });
    const later = await people.again(anna);
    assert.ok(!later.contact(bert.id).private);
    assert.ok(!bert.contact(anna.id).private, 'nobody else sees it');
  },

  async 'tags'(people) {
    const anna = await people.person('Anna');
    const login = `basic:${anna.login}`;
    const sorted = (me) => me.tags().sort();
    await anna.me.setMeta({ tags: [login, 'Go', 'chess', 'chess'] });
    assert.deepEqual(sorted(await seen(people, anna)), [login, 'chess', 'go']);
    await refused(403, anna.me.setMeta({ tags: [login, 'basic:somebody'] }));

    const phone = await people.again(anna);
    await anna.me.setMeta({ tags: [login, 'tea'] });
    if (anna.since(16)) await until('the phone follows', () => phone.me.tags().includes('tea'));

    await anna.me.setMeta({ tags: [] });
    assert.deepEqual(sorted(await seen(people, anna)), [login], 'the login stays');
  },

  async 'the other session follows'(people) {
    const anna = await people.person('Anna');
    const phone = await people.again(anna);
    await anna.me.setMeta({ desc: { public: { fn: 'Annika' } } });
    if (!anna.since(16)) return; // does not know this news yet
    await until('the new name', () => phone.me.public.fn === 'Annika');
  },

  async 'default access for new conversations'(people) {
    const anna = await people.person('Anna');
    const bert = await people.person('Bert');
    await anna.me.setMeta({ desc: { defacs: { auth: 'N', anon: 'N' } } });
    await refused(403, bert.tinode.getTopic(anna.id).subscribe());
    await refused(400, anna.me.setMeta({ desc: { defacs: { auth: 'JRWPASO' } } }));
  },
});

import assert from 'node:assert/strict';
import { refused, texts } from '../lib/client.js';
import { scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';

// given and want are what somebody has in a topic, as the SDK knows it. 0.15 does
// not understand the news about its own access and has to ask.
const acs = async (client, topic) => (await client.renewed(topic)).acs;

// shows waits until a client has somebody's access in the list of members.
async function shows(client, topic, user, part, mode) {
  const name = `get${part[0].toUpperCase()}${part.slice(1)}`;
  await until(`${part} ${mode} of ${user} for ${client.id}`, () => topic.subscriber(user)?.acs?.[name]?.() === mode);
}

const members = (topic) => {
  const out = [];
  topic.subscribers((user) => out.push(user.user));
  return out.sort();
};

scenarios('members', {
  async 'a request to join, approved'(people) {
    const anna = await people.regular('Anna');
    const bert = await people.regular('Bert');
    const carl = await people.regular('Carl');
    const phone = await people.again(anna); // on 'me' alone
    const group = await anna.group({ desc: { public: { fn: 'Club' }, defacs: { auth: 'J', anon: 'N' } }, tags: ['club'] });
    const { name } = group;
    await until('the group on the phone', () => phone.contact(name)?.acs);
    // He wants more than everybody gets, and waits.
    const topic = bert.tinode.getTopic(name);
    await topic.subscribe(topic.startMetaQuery().withDesc().withSub().build(), { sub: { mode: 'JRWP' } });
    assert.deepEqual([topic.acs.getWant(), topic.acs.getGiven(), topic.acs.getMode()], ['JRWP', 'J', 'J']);
    await refused(403, bert.tinode.publish(name, 'let me in'));
    await refused(403, bert.tinode.getMeta(name, { what: 'data' }));
    const there = await until('the request, attached', () => anna.pres.find((p) => p.topic === name && p.src === bert.id));
    assert.deepEqual([there.what, there.dacs], ['acs', { want: 'JRWP', given: 'J' }]);
    const elsewhere = await until('the request, elsewhere', () => phone.pres.find((p) => p.src === name && p.tgt === bert.id));
    assert.deepEqual([elsewhere.topic, elsewhere.what, elsewhere.act], ['me', 'acs', bert.id]);
    assert.deepEqual(elsewhere.dacs, { want: 'JRWP', given: 'J' });

    // An administrator, not the owner, approves.
    await group.invite(carl.id, 'JRWPAS');
    await until('the invitation', () => carl.contact(name)?.public);
    const ofCarl = await carl.open(name);
    await ofCarl.setMeta({ sub: { mode: 'JRWPAS' } });
    assert.equal(ofCarl.acs.getMode(), 'JRWPAS');
    if (carl.since(16)) assert.equal(ofCarl.subscriber(bert.id).acs.getMissing(), 'RWP', 'what he asks for');
    await ofCarl.setMeta({ sub: { user: bert.id, mode: 'JRWP' } });
    await until('approved', async () => (await acs(bert, topic)).getMode() === 'JRWP');
    await shows(anna, group, bert.id, 'given', 'JRWP');
    const seq = await bert.say(topic, 'thank you');
    await until('the message', () => texts(group).some(([n]) => n === seq) && texts(ofCarl).length === 1);
  },

  async 'an administrator, and what only the owner may'(people) {
    const anna = await people.regular('Anna');
    const bert = await people.regular('Bert');
    const carl = await people.regular('Carl');
    const dora = await people.regular('Dora');
    const group = await anna.group({ desc: { public: { fn: 'Team' } }, tags: ['team'] });
    const { name } = group;
    const [ofBert, ofCarl] = [await bert.open(name), await carl.open(name)];
    await refused(403, ofBert.invite(dora.id, 'JRWPA'));
    await refused(403, ofBert.delSubscription(carl.id));
    await anna.access(group, bert.id, '+A');
    await until('the offer', async () => (await acs(bert, ofBert)).getGiven() === 'JRWPAS');
    assert.equal(ofBert.acs.getMode(), 'JRWPS', 'he has to want it, too');
    await bert.access(ofBert, undefined, '+A');
    assert.ok(ofBert.acs.isAdmin());
    await shows(anna, group, bert.id, 'want', 'JRWPAS');

    await ofBert.invite(dora.id, 'JRW');
    await until('Dora knows', () => dora.contact(name)?.public);
    const ofDora = await dora.open(name);
    assert.deepEqual([ofDora.acs.getGiven(), ofDora.acs.getMode()], ['JRW', 'JRW']);
    assert.ok(!dora.pres.some((p) => p.topic === name), 'without P nothing is told');
    await bert.access(ofBert, carl.id, '-W');
    await until('Carl is silenced', async () => (await acs(carl, ofCarl)).getGiven() === 'JRPS');
    await refused(403, carl.tinode.publish(name, 'hm'));
    await bert.access(ofBert, carl.id, '+W');
    await until('Carl may again', async () => (await acs(carl, ofCarl)).getMode() === 'JRWPS');

    await refused(403, ofBert.setMeta({ sub: { user: carl.id, mode: 'JRWPASDO' } }));
    await refused(403, ofBert.setMeta({ sub: { user: anna.id, mode: 'JRW' } }));
    await refused(403, ofBert.setMeta({ sub: { mode: 'JRWPASO' } }));
    await refused(403, ofBert.delSubscription(anna.id));
    await refused(403, ofBert.setMeta({ desc: { public: { fn: 'Mine' } } }));
    await refused(403, ofBert.setMeta({ tags: ['mine'] }));
    await refused(403, anna.tinode.setMeta(name, { sub: { mode: 'JRWPASD' } }));
    await refused(400, ofBert.setMeta({ sub: { user: carl.id, mode: 'XYZ' } }));

    await ofBert.delSubscription(dora.id);
    await until('Dora is out', () => !dora.contact(name));
    const fresh = await people.again(anna);
    const now = await fresh.open(name);
    assert.deepEqual(members(now), [anna.id, bert.id, carl.id].sort());
    assert.equal(now.subscriber(bert.id).acs.getMode(), 'JRWPAS');
    if (anna.since(25)) assert.equal(now.subcnt, 3);
    await refused(404, ofBert.invite('usrAQAAAAAAAAA', 'JRW'));
  },

  async 'a ban lasts beyond leaving'(people) {
    const anna = await people.regular('Anna');
    const bert = await people.regular('Bert');
    const group = await anna.group({ desc: { public: { fn: 'Team' } }, tags: ['team'] });
    const { name } = group;
    const ofBert = await bert.open(name);
    await bert.say(ofBert, 'spam');
    if (!anna.since(16)) await anna.fetch(group, group.startMetaQuery().withSub(), 'sub');
    await until('the member', () => group.subscriber(bert.id)?.acs);
    await group.setMeta({ sub: { user: bert.id, mode: 'N' } });
    const { topic, params } = await bert.evicted();
    assert.deepEqual([topic, params.unsub], [name, false]);
    // Neither joining again nor leaving before it helps.
    const phone = await people.again(bert);
    assert.equal(phone.contact(name).acs.getMode(), 'N');
    assert.equal(phone.contact(name).seq ?? 0, 0, 'nothing about its messages');
    await refused(403, phone.tinode.getTopic(name).subscribe());
    await phone.tinode.delTopic(name);
    await refused(403, phone.tinode.getTopic(name).subscribe());
    await group.setMeta({ sub: { user: bert.id, mode: 'JRWP' } });
    const back = await people.again(bert);
    assert.deepEqual(texts(await back.open(name)), [[1, 'spam']]);
  },

  async 'who blocks a group stays out until he wants'(people) {
    const anna = await people.regular('Anna');
    const bert = await people.regular('Bert');
    const group = await anna.group({ desc: { public: { fn: 'Team' } }, tags: ['team'] });
    const { name } = group;
    const ofBert = await bert.open(name);
    if (!anna.since(16)) await anna.fetch(group, group.startMetaQuery().withSub(), 'sub');
    await ofBert.setMeta({ sub: { mode: 'RW' } });
    const { topic, params } = await bert.evicted();
    assert.deepEqual([topic, params.unsub], [name, false]);
    await shows(anna, group, bert.id, 'want', 'RW');
    await anna.say(group, 'anybody there?');
    await refused(403, group.delSubscription(bert.id), 'he would be invited again');
    const phone = await people.again(bert);
    assert.equal(phone.contact(name).acs.getMode(), 'RW');
    const again = await phone.open(name); // attaching is wanting
    assert.equal(again.acs.getMode(), 'JRWPS');
    assert.deepEqual(texts(again), [[1, 'anybody there?']]);
  },

  async 'deleted messages, for oneself and for all'(people) {
    const anna = await people.regular('Anna');
    const bert = await people.regular('Bert');
    const carl = await people.regular('Carl');
    const group = await anna.group({ desc: { public: { fn: 'Team' } }, tags: ['team'] });
    const { name } = group;
    const [ofBert, ofCarl] = [await bert.open(name), await carl.open(name)];
    for (let i = 1; i <= 12; i++) await anna.say(group, `${i}`);
    await until('all messages', () => texts(ofBert).length === 12 && texts(ofCarl).length === 12);
    const seqs = (topic) => texts(topic).map(([seq]) => seq);
    await ofCarl.leave(false); // stays on 'me'
    const phone = await people.again(bert);
    const onPhone = await phone.open(name);

    // Bert has no right to delete for all; it is for himself.
    const soft = await ofBert.delMessages([{ low: 1, hi: 3 }, { low: 5 }, { low: 4 }], true);
    assert.equal(soft.params.del, 1);
    await until('the phone follows', () => seqs(onPhone).length === 8);
    assert.deepEqual(seqs(onPhone), [3, 6, 7, 8, 9, 10, 11, 12]);
    assert.equal(seqs(group).length, 12);

    const hard = await group.delMessages([{ low: 6, hi: 9 }, { low: 11, hi: 100 }], true);
    assert.equal(hard.params.del, 2);
    for (const topic of [group, ofBert, onPhone]) {
      await until('the messages are gone', () => !seqs(topic).includes(6));
    }
    assert.deepEqual(seqs(group), [1, 2, 3, 4, 5, 9, 10]);
    assert.deepEqual(seqs(ofBert), [3, 9, 10]);
    const there = bert.pres.find((p) => p.topic === name && p.what === 'del');
    assert.deepEqual([there.src, there.clear, there.delseq], [anna.id, 2, [{ low: 6, hi: 9 }, { low: 11, hi: 13 }]]);
    const elsewhere = await until('the news', () => carl.pres.find((p) => p.src === name && p.what === 'del'));
    assert.deepEqual([elsewhere.topic, elsewhere.clear, elsewhere.delseq], ['me', 2, undefined]);

    // Who comes back asks for what he missed: the log has his own and all's.
    await ofCarl.subscribe();
    const { del } = await carl.fetch(ofCarl, ofCarl.startMetaQuery().withLaterDel(24), 'del');
    assert.deepEqual(del, { clear: 2, delseq: [{ low: 6, hi: 9 }, { low: 11, hi: 13 }] });
    assert.deepEqual(seqs(ofCarl), [1, 2, 3, 4, 5, 9, 10]);
    const fresh = await people.again(bert, { quiet: true });
    assert.deepEqual(seqs(await fresh.open(name)), [3, 9, 10]);
    assert.equal(await anna.say(group, 'next'), 13);
    await refused(400, bert.tinode.delMessages(name, [{ low: 14 }], true)); // beyond the end
  },
});

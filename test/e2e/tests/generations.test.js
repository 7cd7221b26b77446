import assert from 'node:assert/strict';
import { refused, texts } from '../lib/client.js';
import { scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';
import { versions } from '../lib/versions.js';

// withToken is how a client proves itself for one request without a login: until
// 0.21 with a field of its own.
const withToken = (client, token) => (client.since(22) ? { scheme: 'token', secret: token } : { token });

scenarios('generations', {
  async 'a new password with a one-off token'(people) {
    const anna = await people.person('Anna');
    const { token } = anna.tinode.getAuthToken();
    const guest = await people.stranger();
    const change = (params) => guest.tinode.account('', 'basic', btoa(':another-secret'), false, params);
    await refused(403, change());
    await refused(401, change(withToken(guest, btoa('x'.repeat(50)))));
    assert.equal((await change(withToken(guest, token))).code, 200);
    assert.equal(guest.tinode.isAuthenticated(), false, 'it is no login');
    await refused(401, guest.tinode.loginBasic(anna.login, anna.password));
    await guest.tinode.loginBasic(anna.login, 'another-secret');
    assert.equal(guest.id, anna.id);
    await refused(409, change(withToken(guest, token)));
  },

  async 'a second {hi}'(people) {
    const anna = await people.regular('Anna');
    const guest = await people.stranger();
    const greeted = guest.ctrl.length;
    guest.connected = false;
    const answer = guest.tinode.hello();
    const last = await until('an answer', () => guest.ctrl.slice(greeted).find((ctrl) => ctrl.id));
    if (guest.since(25)) {
      assert.equal(last.code, 401);
      await until('it connects again', () => guest.connected);
    } else {
      assert.equal(last.code, 201);
      await answer;
    }
    await guest.tinode.loginToken(anna.tinode.getAuthToken().token);
    await guest.online();
    // A device that gets its number for pushes later says so in another {hi},
    // which has no id: no answer, no harm.
    const frames = guest.ctrl.length;
    assert.ok(guest.tinode.setDeviceToken('device-of-anna', true));
    await guest.fetch(guest.me, guest.me.startMetaQuery().withDesc(), 'desc');
    assert.ok(guest.ctrl.slice(frames).every((ctrl) => ctrl.code < 300));
    const again = await guest.tinode.hello();
    assert.ok([200, 201].includes(again.code));
    assert.equal(guest.tinode.isConnected(), true);
    assert.equal(guest.me.public.fn, 'Anna');
  },

  // Until 0.16.5 servers ended every answer with 200; now it is 204 or 208, and
  // all versions have to see the end.
  async 'the end of an answer'(people) {
    const anna = await people.person('Anna');
    const bert = await people.regular('Bert');
    const topic = await anna.open(bert.id);
    const ends = [];
    topic.onAllMessagesReceived = (count) => ends.push(count ?? 0);
    const ask = async (what, code, query) => {
      const before = anna.ctrl.length;
      topic.getMeta(query.build());
      const end = await until(`the end of ${what}`, () =>
        anna.ctrl.slice(before).find((ctrl) => ctrl.topic === topic.name && ctrl.params?.what === what));
      assert.equal(end.code, code, what);
    };
    await ask('data', 204, topic.startMetaQuery().withData(undefined, undefined, 24));
    await ask('del', 204, topic.startMetaQuery().withDel(1, 24));
    await anna.say(topic, 'one');
    await anna.say(topic, 'two');
    await ask('data', 208, topic.startMetaQuery().withData(undefined, undefined, 24));
    await ask('data', 208, topic.startMetaQuery().withData(2));
    await ask('data', 204, topic.startMetaQuery().withData(3));
    await until('all ends', () => ends.length === 4);
    assert.deepEqual(ends, [0, 2, 1, 0]);
    // Nobody to list, and no credentials.
    const lonely = await people.person('Lone');
    const said = (what, code) => until(`the end of ${what}`, () =>
      lonely.ctrl.some((ctrl) => ctrl.params?.what === what && ctrl.code === code));
    await said('sub', 204);
    if (lonely.since(16)) await said('creds', 204);
    lonely.me.contacts(() => assert.fail('a contact'));
  },

  async 'a conversation with the newest'(people) {
    const anna = await people.person('Anna');
    const bert = await people.person('Bert', { sdk: versions.at(-1) });
    const toBert = await anna.open(bert.id);
    await until('Anna in the list of Bert', () => bert.contact(anna.id)?.public);
    const toAnna = await bert.open(anna.id);
    await anna.say(toBert, 'hello from *yesterday*');
    await until('the message', () => texts(toAnna).length === 1);
    assert.equal(texts(toAnna)[0][1].txt, 'hello from yesterday');
    toAnna.noteRead(1);
    await until('read', () => toBert.msgReadCount(1) === 1);
    await bert.say(toAnna, 'hello from *today*', { reply: '1', 'x-new': true });
    await bert.say(toAnna, 'hello from _today_', { replace: ':2' });
    await until('both', () => anna.data.filter((d) => d.topic === bert.id).length === 2);
    assert.deepEqual(anna.data.map((d) => d.head?.replace), [undefined, ':2']);
    toBert.noteRead(3);
    await until('read', () => toAnna.msgReadCount(3) === 1);
    toBert.noteKeyPress();
    await until('typing', () => bert.info.some((i) => i.what === 'kp' && i.from === anna.id));
    toAnna.noteKeyPress();
    await until('typing', () => anna.info.some((i) => i.what === 'kp' && i.from === bert.id));

    // Together in a group, with what only the newer know.
    const group = await anna.group({ desc: { public: { fn: 'Team' } }, tags: ['team'] });
    await group.invite(bert.id, 'JRWPASD');
    await until('the invitation', () => bert.contact(group.name)?.public);
    const ofBert = await bert.open(group.name);
    await ofBert.setMeta({ sub: { mode: 'JRWPASD' } });
    await bert.say(ofBert, 'pinned');
    await ofBert.pinMessage?.(1, true);
    await ofBert.noteRecording?.(true);
    await bert.tinode.getTopic('slf').subscribe();
    await until('the message', () => texts(group).length === 1);
    await ofBert.delMessages([{ low: 1 }], true);
    await until('deleted', () => texts(group).length === 0);
    assert.equal(await anna.say(group, 'still here'), 2);
    const fresh = await people.again(anna);
    assert.ok(fresh.contact(bert.id) && fresh.contact(group.name));
    assert.equal(fresh.contact(bert.id).public.fn, 'Bert');
  },

  // What a version does not know yet is in its list and does no harm.
  async 'saved messages and channels in the list of an older session'(people) {
    const anna = await people.person('Anna');
    const phone = await people.stranger('Phone/1.0', { sdk: versions.at(-1) });
    await phone.tinode.loginToken(anna.tinode.getAuthToken().token);
    await phone.online();
    await phone.say(await phone.open('slf'), 'milk');
    const channel = await phone.channel({ desc: { public: { fn: 'News' } }, tags: ['news'] });
    await until('the channel', () => anna.contact(channel.name)?.public);
    const fresh = await people.again(anna);
    assert.equal(fresh.me.public.fn, 'Anna');
    const list = fresh.meta.find((m) => m.topic === 'me' && m.sub).sub.map((s) => s.topic);
    assert.deepEqual(list.sort(), [channel.name, 'slf'].sort());
    assert.equal(fresh.contact(channel.name).public.fn, 'News');
    assert.equal(await fresh.say(await fresh.open(channel.name), 'first'), 1);
  },
});

import assert from 'node:assert/strict';
import { refused, texts } from '../lib/client.js';
import { Raw } from '../lib/raw.js';
import { needs, scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';

// suspend sets the state of an account: "susp" or "ok". No version has a method
// for it: administrators use other programs. This is the frame they send.
async function suspend(root, user, status) {
  const raw = await Raw.dial(root.host);
  try {
    await raw.ask({ hi: { id: '1', ver: '0.25' } });
    await raw.ask({ login: { id: '2', scheme: 'token', secret: root.tinode.getAuthToken().token } });
    const { code } = await raw.ask({ acc: { id: '3', user, status } });
    assert.equal(code, 200);
  } finally {
    raw.close();
  }
}

// thrownOut waits until the server has ended a session, and keeps the SDK from
// coming back.
async function thrownOut(client) {
  await until('the end of the connection', () => client.disconnects > 0);
  // Not always the last one: the SDK hands on answers to requests a turn later.
  const ends = client.ctrl.filter((c) => c.code === 205).map((c) => [c.code, c.text, c.topic]);
  assert.deepEqual(ends, [[205, 'evicted', undefined]]);
  client.tinode.disconnect();
  assert.ok(!client.me.isSubscribed());
}

// noEntry expects a login to be refused.
async function noEntry(people, client, expected, byPassword = expected) {
  const guest = await people.stranger();
  await refused(expected, guest.tinode.loginToken(client.tinode.getAuthToken().token));
  await refused(byPassword, guest.tinode.loginBasic(client.login, client.password));
  assert.equal(guest.tinode.isAuthenticated(), false);
}

scenarios('root', {
  async 'a suspended account'(people) {
    const root = await people.root();
    const anna = await people.person('Anna');
    const bert = await people.regular('Bert');
    const phone = await people.again(anna);
    const toBert = await anna.open(bert.id);
    const toAnna = await bert.open(anna.id);
    await anna.say(toBert, 'hello');
    const group = await anna.group({ desc: { public: { fn: 'Team' } }, tags: ['team'] });
    const ofBert = await bert.open(group.name);
    await until('the message', () => texts(toAnna).length === 1);
    await until('Bert sees Anna', () => bert.contact(anna.id).online);
    assert.deepEqual(Object.keys(await bert.search(`basic:${anna.login}`)), [anna.id]);

    await suspend(root, anna.id, 'susp');
    await Promise.all([anna, phone].map(thrownOut));
    await noEntry(people, anna, 403);

    // What is hers can be read, not written.
    await refused(403, bert.tinode.publish(anna.id, 'are you there?'));
    await refused(403, bert.tinode.publish(group.name, 'is she there?'));
    await refused(403, ofBert.invite(root.id, 'JRW'));
    assert.deepEqual(await bert.search(`basic:${anna.login}`), {});
    const fresh = await people.again(bert);
    assert.deepEqual(texts(await fresh.open(anna.id)), [[1, 'hello']]);
    await until('Bert sees that she is off', () => !bert.contact(anna.id).online);
    // Somebody else's group does not take her.
    const own = await bert.group({ desc: { public: { fn: 'Own' } }, tags: ['own'] });
    await refused(403, own.invite(anna.id, 'JRW'));

    await suspend(root, anna.id, 'ok');
    const back = await people.again(anna);
    assert.equal(back.contact(group.name).acs.getMode(), 'JRWPASDO');
    const again = await back.open(bert.id);
    assert.equal(await back.say(again, 'I am back'), 2);
    await until('the message', () => texts(toAnna).length === 2);
    assert.equal(await bert.say(ofBert, 'welcome'), 1);
    assert.deepEqual(Object.keys(await bert.search(`basic:${anna.login}`)), [anna.id]);
  },

  async 'only root may'(people, { server }) {
    const anna = await people.regular('Anna');
    const bert = await people.regular('Bert');
    const raw = await Raw.dial(server.host);
    await raw.ask({ hi: { id: '1', ver: '0.25' } });
    await raw.ask({ login: { id: '2', scheme: 'token', secret: anna.tinode.getAuthToken().token } });
    for (const [id, user] of [['3', bert.id], ['4', anna.id]]) {
      assert.equal((await raw.ask({ acc: { id, user, status: 'susp' } })).code, 403);
    }
    assert.equal((await raw.ask({ del: { id: '5', what: 'user', user: bert.id, hard: true } })).code, 403);
    raw.close();
    assert.equal((await people.again(bert)).id, bert.id);
  },

  async 'trusted data, and what root sees'(people) {
    const root = await people.root();
    const anna = await people.person('Anna');
    const bert = await people.regular('Bert');
    await refused(403, anna.tinode.setMeta('me', { desc: { trusted: { verified: true } } }));
    assert.equal(root.me.public.fn, 'Root');
    await root.me.setMeta({ desc: { trusted: { staff: true } } });
    const topic = await bert.open(root.id);
    assert.deepEqual(topic.trusted, { staff: true });
    const toRoot = await anna.open(root.id);
    assert.deepEqual(toRoot.trusted, { staff: true });
    await refused(403, anna.tinode.getTopic('sys').subscribe());
  },

  'reports go to root': needs('tinode.report', async (people) => {
    const root = await people.root();
    const anna = await people.regular('Anna');
    const bert = await people.regular('Bert');
    const sys = root.tinode.getTopic('sys');
    await sys.subscribe();
    const { code, params } = await anna.tinode.report('report', bert.id);
    assert.equal(code, 202);
    const report = await until('the report', () =>
      root.data.find((d) => d.topic === 'sys' && d.seq === params.seq));
    assert.equal(report.from, anna.id);
    assert.deepEqual(report.content.ent[0].data.val, { action: 'report', target: bert.id });
  }),

  'somebody deletes himself': needs('tinode.delCurrentUser', async (people) => {
    const anna = await people.person('Anna');
    const bert = await people.regular('Bert');
    const phone = await people.again(anna);
    const toBert = await anna.open(bert.id);
    const toAnna = await bert.open(anna.id);
    await anna.say(toBert, 'farewell');
    const hers = await anna.group({ desc: { public: { fn: 'Hers' } }, tags: ['hers'] });
    await bert.open(hers.name);
    const his = await bert.group({ desc: { public: { fn: 'His' } }, tags: ['his'] });
    await anna.say(await anna.open(his.name), 'I was here');
    await until('the messages', () => texts(toAnna).length === 1 && texts(his).length === 1);
    assert.ok(bert.contact(hers.name));

    const { id } = anna; // which the SDK forgets
    const { token } = anna.tinode.getAuthToken();
    await anna.tinode.delCurrentUser(true);
    // Newer SDKs hang up with the answer, and may not see the 205 after it.
    await Promise.all([thrownOut(phone), until('the end of her connection', () => anna.disconnects > 0)]);
    anna.tinode.disconnect();
    await until('she is gone', () => !bert.contact(id) && !bert.contact(hers.name));
    for (const src of [id, hers.name]) {
      assert.ok(bert.pres.some((p) => p.topic === 'me' && p.what === 'gone' && p.src === src));
    }
    const guest = await people.stranger();
    await refused(404, guest.tinode.loginToken(token));
    await refused(401, guest.tinode.loginBasic(anna.login, anna.password));

    const fresh = await people.again(bert);
    assert.equal(fresh.contact(hers.name), undefined);
    assert.deepEqual(await fresh.search(`basic:${anna.login}`), {});
    await refused(404, fresh.tinode.getTopic(hers.name).subscribe());
    // What she wrote elsewhere stays, without her name.
    const stays = await fresh.open(his.name);
    assert.deepEqual(texts(stays), [[1, 'I was here']]);
    assert.equal(fresh.data.find((d) => d.topic === his.name).from, undefined);
    const members = [];
    stays.subscribers((user) => members.push(user.user));
    assert.deepEqual(members, [bert.id]);
    // The login can be taken anew, by somebody else.
    const next = await people.stranger();
    await next.tinode.createAccountBasic(anna.login, 'another-secret');
    assert.notEqual(next.id, id);
    const late = await people.again(bert);
    await refused(404, late.tinode.getTopic(id).subscribe());
  }),
});

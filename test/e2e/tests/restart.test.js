import assert from 'node:assert/strict';
import { Raw } from '../lib/raw.js';
import { refused, texts } from '../lib/client.js';
import { scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';

// life makes people, a conversation and a group with a past, and returns what
// must be the same after a restart.
async function life(people) {
  const anna = await people.person('Anna');
  const bert = await people.person('Bert');
  const carl = await people.person('Carl');
  const toBert = await anna.open(bert.id);
  await until('Anna in the list of Bert', () => bert.contact(anna.id)?.public);
  const toAnna = await bert.open(anna.id);
  for (let i = 1; i <= 12; i++) await anna.say(toBert, `${i}`);
  await until('all messages', () => texts(toAnna).length === 12);
  toAnna.noteRead(9);
  toAnna.noteRecv(12);
  await until('the marks', () => toBert.msgReadCount(9) === 1 && toBert.msgRecvCount(12) === 1);
  await toBert.delMessages([{ low: 2, hi: 4 }], true);
  await toAnna.delMessages([{ low: 5 }], false);
  await toBert.setMeta({ desc: { private: { comment: 'friend' } } });

  const team = await anna.group({ desc: { public: { fn: 'Team' } }, tags: ['team'] });
  await team.invite(bert.id, 'JRWP');
  await team.invite(carl.id, 'JRW');
  await anna.access(team, carl.id, '-J');
  await anna.say(team, 'welcome');
  await anna.me.setMeta({ desc: { public: { fn: 'Annika' } } });
  return { anna, bert, carl, toBert, group: team.name };
}

// asBefore compares with what life left, as somebody sees it who comes anew.
async function asBefore(people, { anna, bert, carl, group }) {
  const fresh = await people.again(anna); // the token is still good
  assert.equal(fresh.me.public.fn, 'Annika');
  assert.ok(fresh.me.tags().includes(`basic:${anna.login}`));
  assert.deepEqual(fresh.contact(bert.id).private, { comment: 'friend' });
  const toBert = await fresh.open(bert.id);
  const left = [1, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  assert.deepEqual(texts(toBert), left.map((i) => [i, `${i}`]));
  assert.equal(toBert.subscriber(bert.id).read, 9);
  assert.equal(toBert.subscriber(bert.id).recv, 12);
  assert.equal(toBert.acs.getMode(), 'JRWPAD');

  const berts = await people.again(bert);
  assert.equal(berts.unread(anna.id), 3);
  assert.deepEqual(texts(await berts.open(anna.id)).map(([seq]) => seq), left.filter((seq) => seq !== 5));

  const team = await fresh.open(group);
  assert.deepEqual(texts(team), [[1, 'welcome']]);
  assert.equal(team.acs.getMode(), 'JRWPASDO');
  const access = {};
  team.subscribers((user) => (access[user.user] = user.acs.getGiven()));
  assert.deepEqual(access, { [anna.id]: 'JRWPASDO', [bert.id]: 'JRWP', [carl.id]: 'RW' });
  const carls = await people.stranger();
  await carls.tinode.loginBasic(carl.login, carl.password);
  await refused(403, carls.tinode.getTopic(group).subscribe());
  return { fresh, toBert };
}

scenarios('restart', {
  async 'in order: sessions are told, clients return by themselves'(people, { server }) {
    const before = await life(people);
    const { anna, bert } = before;
    const raw = await Raw.dial(server.host);
    await raw.ask({ hi: { id: '1', ver: '0.25' } });

    assert.equal(await server.kill('SIGTERM'), 0, 'exit code');
    await until('the end', () => raw.closed);
    assert.equal(raw.closed, 1001);
    const { code, text, id } = raw.frames.at(-1).ctrl;
    assert.deepEqual([code, text, id], [205, 'server shutdown', undefined]);
    for (const client of [anna, bert]) {
      await until('the end of the connection', () => client.disconnects === 1);
      assert.equal(client.ctrl.at(-1).text, 'server shutdown');
      assert.ok(!client.me.isSubscribed());
    }

    const back = anna.reconnected(); // the SDK tries by itself
    await server.start();
    await back;
    await anna.tinode.loginToken(anna.tinode.getAuthToken().token);
    await anna.online();
    await anna.open(bert.id);
    const { fresh, toBert } = await asBefore(people, before);
    assert.equal(await anna.say(before.toBert, 'I am back'), 13);
    await until('the message', () => texts(toBert).some(([seq]) => seq === 13));
    assert.equal(await fresh.say(toBert, 'me, too'), 14);
  },

  async 'kill -9: everything acknowledged is there'(people, { server }) {
    const before = await life(people);
    const { anna, bert, toBert } = before;
    // Messages under way when the server dies: some acknowledged, the rest not.
    const seqs = [];
    const writing = Promise.all(Array.from({ length: 300 }, (_, i) =>
      anna.tinode.publish(bert.id, `late ${i}`, true).then((ctrl) => seqs.push([ctrl.params.seq, `late ${i}`]), () => {})));
    await until('some messages', () => seqs.length >= 20);
    await server.kill('SIGKILL');
    await writing;
    await until('the end of the connection', () => anna.disconnects === 1 && bert.disconnects === 1);

    await server.start();
    await anna.reconnect();
    await anna.tinode.loginToken(anna.tinode.getAuthToken().token);
    await anna.online();
    await toBert.subscribe();
    const fresh = await people.again(anna);
    const topic = await fresh.open(bert.id, 100);
    const found = texts(topic).filter(([seq]) => seq > 12);
    const got = new Map(found);
    assert.equal(got.size, found.length, 'each once');
    const last = Math.max(...topic.seq ? [topic.seq] : [12, ...got.keys()]);
    const reach = last - 99; // one page
    for (const [seq, text] of seqs) if (seq >= reach) assert.equal(got.get(seq), text, `message ${seq}`);
    assert.deepEqual([...got.keys()], Array.from(got.keys(), (_, i) => last - got.size + 1 + i), 'no gaps');
    assert.equal(await anna.say(toBert, 'I am back'), last + 1);
  },
}, { alone: true });

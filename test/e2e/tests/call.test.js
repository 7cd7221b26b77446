import assert from 'node:assert/strict';
import { refused } from '../lib/client.js';
import { needs, scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';

const config = {
  webrtc: {
    enabled: true,
    call_establishment_timeout: 2,
    ice_servers: [
      { urls: ['stun:stun.example.com'] },
      { urls: ['turn:turn.example.com:3478'], username: 'user', credential: 'secret' },
    ],
  },
};

// pair makes two people with an open conversation.
async function pair(people) {
  const anna = await people.person('Anna');
  const bert = await people.person('Bert');
  const toBert = await anna.open(bert.id);
  const toAnna = await bert.open(anna.id);
  return { anna, bert, toBert, toAnna };
}

// call starts one, as the web client does, and returns its number.
async function call(client, topic, more = {}) {
  const { Drafty } = client;
  const message = topic.createMessage(Drafty.videoCall(Boolean(more.aonly)), false);
  message.head = { ...message.head, webrtc: 'started', ...more };
  const ctrl = await client.tinode.publishMessage(message);
  return ctrl.params.seq;
}

// state waits for the message that says how a call stands.
const state = (client, topic, seq, webrtc) => until(`${webrtc} for ${client.id}`, () =>
  client.data.find((d) => d.topic === topic.name && d.head?.replace === `:${seq}` && d.head.webrtc === webrtc));

// event waits for an {info} about a call.
const event = (client, seq, name, topic) => until(`${name} for ${client.id}`, () =>
  client.info.find((i) => i.what === 'call' && i.seq === seq && i.event === name && (!topic || i.topic === topic)));

const events = (client, seq) => client.info.filter((i) => i.what === 'call' && i.seq === seq).map((i) => i.event);

const inProgress = ['topic.videoCall', 'tinode.getServerParam'];

scenarios('a call', {
  'the servers for it': needs('tinode.getServerParam', async (people) => {
    const guest = await people.stranger();
    assert.deepEqual(guest.tinode.getServerParam('iceServers'), [
      { urls: ['stun:stun.example.com'] },
      { urls: ['turn:turn.example.com:3478'], username: 'user', credential: 'secret' },
    ]);
    assert.equal(guest.tinode.getServerParam('callTimeout'), 2);
  }),

  'ringing, accepted, negotiated, finished': needs(...inProgress, async (people) => {
    const { anna, bert, toBert, toAnna } = await pair(people);
    const phone = await people.again(bert); // rings, too, on 'me' alone
    const seq = await call(anna, toBert, { aonly: true });
    const ring = await until('the call', () => bert.data.find((d) => d.seq === seq));
    assert.equal(ring.head.webrtc, 'started');
    assert.equal(ring.head.aonly, true);
    assert.equal(ring.from, anna.id);
    await until('the phone knows', () => phone.pres.some((p) => p.src === anna.id && p.what === 'msg' && p.seq === seq));

    toAnna.videoCall('ringing', seq);
    const ringing = await event(anna, seq, 'ringing');
    assert.deepEqual([ringing.topic, ringing.from], [bert.id, bert.id]);
    toAnna.videoCall('accept', seq);
    const accepted = await event(anna, seq, 'accept');
    assert.equal(accepted.from, bert.id);
    for (const [client, topic] of [[anna, toBert], [bert, toAnna]]) {
      const { from, head } = await state(client, topic, seq, 'accepted');
      assert.equal(from, anna.id, 'of the caller, whoever acted');
      assert.equal(head.sender, bert.id);
      assert.equal(head.aonly, undefined);
    }
    // The phone stops ringing.
    const elsewhere = await event(phone, seq, 'accept', 'me');
    assert.deepEqual([elsewhere.src, elsewhere.from], [anna.id, bert.id]);

    toBert.videoCall('offer', seq, { type: 'offer', sdp: 'o' });
    assert.deepEqual((await event(bert, seq, 'offer')).payload, { type: 'offer', sdp: 'o' });
    toAnna.videoCall('answer', seq, { type: 'answer', sdp: 'a' });
    assert.deepEqual((await event(anna, seq, 'answer')).payload, { type: 'answer', sdp: 'a' });
    toBert.videoCall('ice-candidate', seq, { candidate: 'of Anna' });
    assert.deepEqual((await event(bert, seq, 'ice-candidate')).payload, { candidate: 'of Anna' });
    toAnna.videoCall('ice-candidate', seq, { candidate: 'of Bert' });
    assert.deepEqual((await event(anna, seq, 'ice-candidate')).payload, { candidate: 'of Bert' });

    toBert.videoCall('hang-up', seq);
    for (const [client, topic] of [[anna, toBert], [bert, toAnna]]) {
      const { head } = await state(client, topic, seq, 'finished');
      assert.ok(head['webrtc-duration'] >= 0 && head['webrtc-duration'] < 60_000);
      const end = await event(client, seq, 'hang-up');
      assert.equal(end.from, undefined, 'from the server');
    }
    await event(phone, seq, 'hang-up', 'me');
    assert.deepEqual(events(anna, seq), ['ringing', 'accept', 'answer', 'ice-candidate', 'hang-up']);
    assert.deepEqual(events(bert, seq), ['offer', 'ice-candidate', 'hang-up']);
    assert.deepEqual(events(phone, seq), ['accept', 'hang-up']);

    // The conversation keeps one message of three.
    if (anna.since(22)) {
      const fresh = await people.again(bert, { quiet: true });
      const topic = await fresh.open(anna.id);
      const shown = [];
      topic.messages((m) => shown.push(m.content.ent[0].data));
      assert.equal(shown.length, 1);
      assert.equal(shown[0].state, 'finished');
      assert.equal(shown[0].incoming, true);
    }
  }),

  'declined, busy, and missed': needs(...inProgress, async (people) => {
    const { anna, bert, toBert, toAnna } = await pair(people);
    const first = await call(anna, toBert);
    await refused(486, call(bert, toAnna));
    await refused(486, call(anna, toBert));
    await until('the call', () => bert.data.some((d) => d.seq === first));
    toAnna.videoCall('ringing', first);
    await event(anna, first, 'ringing');
    toAnna.videoCall('hang-up', first);
    const declined = await state(anna, toBert, first, 'declined');
    assert.equal(declined.head.sender, bert.id);
    await event(anna, first, 'hang-up');

    const second = await call(bert, toAnna);
    toAnna.videoCall('hang-up', second); // the caller gives up
    const missed = await state(anna, toBert, second, 'missed');
    assert.equal(missed.from, bert.id);
    assert.equal(missed.head.sender, undefined);
    await event(anna, second, 'hang-up');

    const third = await call(anna, toBert); // nobody answers
    const late = await state(bert, toAnna, third, 'missed');
    assert.equal(late.from, anna.id);
    await event(anna, third, 'hang-up');
    assert.deepEqual([first, second, third], [1, 3, 5]);
    assert.equal(await anna.say(toBert, 'call me back'), 7);
  }),

  'a party that is lost': needs(...inProgress, async (people) => {
    const { anna, bert, toBert, toAnna } = await pair(people);
    const seq = await call(anna, toBert);
    await until('the call', () => bert.data.some((d) => d.seq === seq));
    toAnna.videoCall('accept', seq);
    await event(anna, seq, 'accept');
    await bert.away();
    const { from, head } = await state(anna, toBert, seq, 'disconnected');
    assert.equal(from, anna.id);
    assert.equal(head['webrtc-duration'], undefined);
    await event(anna, seq, 'hang-up');
    assert.equal(await call(anna, toBert), seq + 3, 'the next can begin');
  }),

  'not in groups': needs(...inProgress, async (people) => {
    const anna = await people.regular('Anna');
    const group = await anna.group({ desc: { public: { fn: 'Team' } } });
    await refused(403, call(anna, group));
    assert.equal(await anna.say(group, 'first'), 1);
  }),

  // They see the messages that tell of it, as a text that they can't show.
  async 'seen by a client that knows no calls'(people, { sdk }) {
    const { anna, bert, toBert, toAnna } = await pair(people);
    const head = { webrtc: 'started', mime: 'text/x-drafty' };
    const content = { txt: ' ', fmt: [{ at: 0, len: 1, key: 0 }], ent: [{ tp: 'VC', data: {} }] };
    const message = Object.assign(toBert.createMessage('', false), { head, content });
    const { params } = await anna.tinode.publishMessage(message);
    for (const client of [anna, bert]) {
      const ring = await until('the call', () => client.data.find((d) => d.seq === params.seq));
      assert.equal(ring.head.webrtc, 'started', sdk.version);
    }
    const { head: last } = await state(bert, toAnna, params.seq, 'missed');
    assert.deepEqual(last, { mime: 'text/x-drafty', replace: `:${params.seq}`, webrtc: 'missed' });
    assert.equal(await bert.say(toAnna, 'sorry'), 3);
  },
}, { config });

// The newest published SDK over TLS; secure_test.go starts the server and says
// whom to trust (NODE_EXTRA_CA_CERTS).
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import fakeIndexedDB from 'fake-indexeddb';
import WebSocket from 'ws';
import { apiKey } from './lib/server.js';
import { until } from './lib/until.js';
import { XHR } from './lib/xhr.js';

const { Tinode } = createRequire(import.meta.url)('sdk-0.25');
Tinode.setNetworkProviders(WebSocket, XHR);
Tinode.setDatabaseProvider(fakeIndexedDB);

const host = process.env.E2E_HOST;
const config = { appName: 'ParleyE2E/1.0', host, apiKey, transport: 'ws', secure: true, persist: false };
const tinode = await new Promise((ready) => {
  const made = new Tinode(config, () => ready(made));
});
let greeted = false;
tinode.onConnect = () => (greeted = true);
await tinode.connect();
await until('an answer to {hi}', () => greeted);

const made = await tinode.createAccountBasic('erika', 'long enough', { login: true, public: { fn: 'Erika' } });
assert.equal(made.code, 200);
const me = tinode.getMeTopic();
await me.subscribe(me.startMetaQuery().withDesc().build());
await until('the description', () => me.public?.fn === 'Erika');

const group = tinode.getTopic(tinode.newGroupTopicName(false));
await group.subscribe();
const text = 'x'.repeat(100_000); // many records of TLS
const ctrl = await group.publishMessage(group.createMessage(text, false));
assert.equal(ctrl.params.seq, 1);
tinode.onDisconnect = undefined;
tinode.disconnect();

// Who trusts nobody but the usual authorities is refused by its own side.
const stranger = new WebSocket(`wss://${host}/v0/channels?apikey=${apiKey}`, { ca: [] });
const error = await new Promise((done) => {
  stranger.on('error', done);
  stranger.on('open', () => done(undefined));
});
assert.match(String(error), /certificate|issuer/);

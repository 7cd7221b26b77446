// The newest published SDK against a server with RongCloud and NetEase, which
// bridges_test.go fakes. It prints what it got as JSON.
//   node bridges.js login             signs up, logs in, makes a group
//   node bridges.js publish GROUP N   publishes N messages in the group
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
const [step, group, count] = process.argv.slice(2);

async function connect() {
  const config = { appName: 'ParleyE2E/1.0', host, apiKey, transport: 'ws', secure: false, persist: false };
  const tinode = await new Promise((ready) => {
    const made = new Tinode(config, () => ready(made));
  });
  let greeted = false;
  tinode.onConnect = () => (greeted = true);
  await tinode.connect();
  await until('an answer to {hi}', () => greeted);
  return tinode;
}

async function login() {
  const tinode = await connect();
  const made = await tinode.createAccountBasic('erika', 'long enough', { login: true, public: { fn: 'Erika' } });
  assert.equal(made.code, 200);
  tinode.disconnect();

  const again = await connect();
  const ctrl = await again.loginBasic('erika', 'long enough');
  assert.equal(ctrl.code, 200);
  assert.equal(ctrl.params.bridges.rongcloud.token, made.params.bridges.rongcloud.token, 'the token is kept');
  const topic = again.getTopic(again.newGroupTopicName(false));
  await topic.subscribe();

  // What the login could not wait for, or what has expired, is asked for.
  const url = `http://${host}/v0/bridges/rongcloud/token`;
  const headers = { 'X-Tinode-APIKey': apiKey, 'X-Tinode-Auth': `Token ${ctrl.params.token}` };
  const asked = await fetch(url, { method: 'POST', headers });
  assert.equal(asked.status, 200);
  assert.equal((await asked.json()).token, made.params.bridges.rongcloud.token);
  assert.equal((await fetch(url, { method: 'POST' })).status, 403);
  again.disconnect();
  return { user: ctrl.params.user, group: topic.name, bridges: ctrl.params.bridges };
}

async function publish() {
  const tinode = await connect();
  await tinode.loginBasic('erika', 'long enough');
  const topic = tinode.getTopic(group);
  await topic.subscribe();
  for (let i = 0; i < Number(count); i++) {
    const ctrl = await topic.publishMessage(topic.createMessage(`message ${i}`, false));
    assert.equal(ctrl.code, 202);
  }
  tinode.disconnect();
  return { published: Number(count) };
}

console.log(JSON.stringify(step === 'login' ? await login() : await publish()));

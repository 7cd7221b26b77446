import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Raw } from '../lib/raw.js';
import { Server } from '../lib/server.js';

// The protocol's first description, frame by frame: a client of 2020 and one of
// today.
const clients = [
  { ver: '0.16.3', ua: 'TinodeWeb/0.16 (Chrome/79.0; Linux x86_64); tinodejs/0.16', lang: 'zh-CN' },
  { ver: '0.25.3', ua: 'TinodeWeb/0.25 (Firefox/140.0; Linux); tinodejs/0.25', lang: 'en-US', platf: 'web' },
];

describe('walk-through', () => {
  const server = new Server({ each: 0 });
  before(() => server.start());
  after(() => server.close());

  for (const [i, hello] of clients.entries()) {
    test(`hi, login, sub me as ${hello.ver}`, async (t) => {
      const client = await Raw.dial(server.host);
      t.after(() => client.close());
      const secret = btoa(`alice${i}:alice123`);

      const early = await client.ask({ login: { id: '1', scheme: 'basic', secret } });
      assert.deepEqual([early.code, early.text], [409, 'command out of sequence']);

      const hi = await client.ask({ hi: { id: '2', ...hello } });
      assert.deepEqual([hi.code, hi.text], [201, 'created']);
      assert.match(hi.ts, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      for (const limit of ['maxMessageSize', 'maxSubscriberCount', 'maxTagCount', 'maxFileUploadSize']) {
        assert.ok(Number.isInteger(hi.params[limit]), limit);
      }
      assert.equal(typeof hi.params.ver, 'string');
      assert.equal(typeof hi.params.build, 'string');

      const made = await client.ask({ acc: { id: '3', user: 'new', scheme: 'basic', secret, desc: { public: { fn: 'Alice' } } } });
      assert.deepEqual([made.code, made.text], [201, 'created']);

      const login = await client.ask({ login: { id: '4', scheme: 'basic', secret } });
      assert.deepEqual([login.code, login.text], [200, 'ok']);
      assert.deepEqual(Object.keys(login.params).sort(), ['authlvl', 'expires', 'token', 'user']);
      assert.equal(login.params.authlvl, 'auth');
      assert.equal(login.params.user, made.params.user);

      const sub = await client.ask({ sub: { id: '5', topic: 'me', get: { what: 'sub desc tags cred' } } });
      assert.deepEqual([sub.code, sub.text, sub.topic], [200, 'ok', 'me']);
      // Nothing to list yet: {ctrl 204} for contacts and credentials.
      const metas = await client.metas('5', 'desc', 'tags');
      assert.equal(metas.topic, 'me');
      assert.deepEqual(metas.desc.public, { fn: 'Alice' });
      assert.deepEqual(metas.desc.acs, { want: 'JPS', given: 'JPS', mode: 'JPS' });
      assert.equal(metas.desc.defacs.anon, 'N');
      assert.deepEqual(metas.tags, [`basic:alice${i}`]);

      // With a contact there is a list.
      const peer = await client.ask({ acc: { id: '6', user: 'new', scheme: 'basic', secret: btoa(`bob${i}:bob12345`) } });
      const p2p = await client.ask({ sub: { id: '7', topic: peer.params.user } });
      assert.equal(p2p.code, 200);
      await client.ask({ leave: { id: '8', topic: 'me' } });
      await client.ask({ sub: { id: '9', topic: 'me', get: { what: 'sub desc tags cred' } } });
      const again = await client.metas('9', 'desc', 'sub', 'tags');
      assert.deepEqual(again.sub.map((s) => s.topic), [peer.params.user]);
    });
  }
});

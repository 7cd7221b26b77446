import assert from 'node:assert/strict';
import { refused } from '../lib/client.js';
import { scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';

// forged is a token with another signature.
function forged(token) {
  const [head, claims, signature] = atob(token).split('.');
  return btoa([head, claims, signature.split('').reverse().join('')].join('.'));
}

scenarios('connect', {
  async 'the server introduces itself'(people, { sdk }) {
    const guest = await people.stranger();
    assert.equal(guest.Tinode.getVersion(), sdk.version);
    const server = guest.tinode.getServerInfo();
    assert.match(server.ver, /^0\.\d+$/);
    assert.match(server.build, /parley/);
    assert.equal(server.maxMessageSize, 131072);
    assert.equal(server.maxSubscriberCount, 1024);
    assert.equal(server.maxTagCount, 16);
    assert.equal(server.minTagLength, 2);
    assert.equal(server.maxTagLength, 96);
    assert.equal(server.msgDelAge, 600);
    assert.equal(typeof server.maxFileUploadSize, 'number');
    assert.equal(guest.tinode.isAuthenticated(), false);

    let probed = false;
    guest.tinode.onNetworkProbe = () => (probed = true);
    guest.tinode.networkProbe();
    await until('the answer to a probe', () => probed);

    await refused(401, guest.me.subscribe());
  },

  async 'accounts'(people) {
    const guest = await people.stranger();
    const login = `erika${guest.version.replaceAll('.', '')}`;
    await refused(422, guest.tinode.createAccountBasic(login, 'short'));
    await refused(422, guest.tinode.createAccountBasic('x', 'long enough'));

    const made = await guest.tinode.createAccountBasic(login, 'Geheim: ä€', {
      public: { fn: 'Erika Ü' },
      private: { comment: 'mine' },
      tags: ['erika'],
    });
    assert.equal(made.code, 200);
    assert.equal(made.params.authlvl, 'auth');
    assert.match(guest.id, /^usr[A-Za-z0-9_-]{11}$/);
    assert.ok(guest.tinode.isAuthenticated());
    assert.ok(guest.tinode.getAuthToken().expires > new Date(Date.now() + 13 * 86400e3), 'a token for two weeks');

    await guest.online();
    assert.equal(guest.me.public.fn, 'Erika Ü');
    assert.equal(guest.me.private.comment, 'mine');
    assert.ok(guest.me.tags().includes(`basic:${login}`));
    assert.ok(guest.me.created instanceof Date);

    const other = await people.stranger();
    await refused(409, other.tinode.createAccountBasic(login, 'another one'));
  },

  async 'login'(people) {
    const anna = await people.person('Anna');
    const guest = await people.stranger();
    await refused(401, guest.tinode.loginBasic(anna.login, 'wrong-password'));
    await refused(401, guest.tinode.loginBasic('nobody', 'wrong-password'));
    await refused(401, guest.tinode.loginToken(forged(anna.tinode.getAuthToken().token)));
    assert.equal(guest.tinode.isAuthenticated(), false);

    const ok = await guest.tinode.loginBasic(anna.login.toUpperCase(), anna.password);
    assert.equal(ok.code, 200);
    assert.equal(guest.id, anna.id);
    await refused(409, guest.tinode.loginBasic(anna.login, anna.password));

    const third = await people.stranger();
    await third.tinode.loginToken(guest.tinode.getAuthToken().token);
    assert.equal(third.id, anna.id);
    await third.online();
    assert.equal(third.me.public.fn, 'Anna');
  },

  async 'a new password and a new login'(people) {
    const anna = await people.person('Anna');
    const changed = `new${anna.login}`;
    await anna.tinode.updateAccountBasic(anna.id, '', 'another-secret');
    const guest = await people.stranger();
    await refused(401, guest.tinode.loginBasic(anna.login, anna.password));
    await guest.tinode.loginBasic(anna.login, 'another-secret');
    await guest.online();

    await anna.tinode.updateAccountBasic(anna.id, changed, 'third-secret');
    if (!guest.since(16)) await guest.fetch(guest.me, guest.me.startMetaQuery().withTags(), 'tags');
    await until('the new tag', () => guest.me.tags().includes(`basic:${changed}`));
    const third = await people.stranger();
    await refused(401, third.tinode.loginBasic(anna.login, 'another-secret'));
    await third.tinode.loginBasic(changed, 'third-secret');
    assert.equal(third.id, anna.id);

    const bert = await people.person('Bert');
    await refused(409, bert.tinode.updateAccountBasic(bert.id, changed, 'whatever-else'));
    await refused(422, bert.tinode.updateAccountBasic(bert.id, '', 'short'));
    await refused(403, bert.tinode.updateAccountBasic(anna.id, '', 'not-my-account'));
  },
});

const confirmation = {
  acc_validation: { email: { required: ['auth'], config: { debug_response: '123456', sender: 'noreply@example.com' } } },
};

scenarios('confirmation by e-mail', {
  async 'an account with a code'(people) {
    const guest = await people.stranger();
    assert.deepEqual(guest.tinode.getServerInfo().reqCred, { auth: ['email'] });
    const login = `erika${guest.version.replaceAll('.', '')}`;
    const cred = guest.Tinode.credential('email', `${login}@example.com`);
    await refused(422, guest.tinode.createAccountBasic(login, 'long enough'));

    const made = await guest.tinode.createAccountBasic(login, 'long enough', { cred });
    assert.equal(made.code, 300);
    assert.equal(made.text, 'validate credentials');
    assert.deepEqual(made.params.cred, ['email']);
    assert.equal(guest.tinode.isAuthenticated(), false);

    const { token } = guest.tinode.getAuthToken();
    const wrong = await guest.tinode.loginToken(token, guest.Tinode.credential('email', null, null, '000000'));
    assert.equal(wrong.code, 300);
    const right = await guest.tinode.loginToken(token, guest.Tinode.credential('email', null, null, '123456'));
    assert.equal(right.code, 200);
    await guest.online();
    if (guest.since(16)) {
      const want = { meth: 'email', val: `${login}@example.com`, done: true };
      assert.deepEqual(guest.me.getCredentials(), [want]);
    }
    assert.ok(guest.me.tags().includes(`email:${login}@example.com`));
  },
}, { config: confirmation });

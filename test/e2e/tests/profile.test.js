import assert from 'node:assert/strict';
import { refused } from '../lib/client.js';
import { scenarios } from '../lib/scenarios.js';
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
    const anna = await people.person('Anna', { tags: ['first'] });
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

import assert from 'node:assert/strict';
import { refused } from '../lib/client.js';
import { needs, scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';

// The e-mail addresses are confirmed with a fixed code, by those who like.
const config = {
  acc_validation: { email: { required: ['anon'], config: { debug_response: '123456', sender: 'noreply@example.com' } } },
};

// own returns somebody's tags with more of them; logins can't be dropped.
const own = (client, ...tags) => client.me.tags().filter((tag) => tag.startsWith('basic:')).concat(tags);

// unique makes a word that no other version and scenario uses.
const unique = (client, word) => word + client.version.replaceAll('.', '') + client.login.replace(/\W/g, '');

scenarios('search', {
  async 'people and groups by their tags'(people) {
    const anna = await people.person('Anna');
    const bert = await people.person('Bert');
    const carl = await people.regular('Carl');
    const [plant, leaf] = [unique(anna, 'plant'), unique(anna, 'leaf')];
    await anna.me.setMeta({ tags: own(anna, `kind:${plant}`, `kind:${leaf}`) });
    await bert.me.setMeta({ tags: own(bert, `kind:${plant}`) });
    const group = await bert.group({ desc: { public: { fn: 'Gardeners' } }, tags: [plant] });

    assert.equal((await carl.search(plant))[group.name].public.fn, 'Gardeners');
    const found = await carl.search(`kind:${plant}`);
    assert.deepEqual(Object.keys(found).sort(), [anna.id, bert.id].sort());
    assert.equal(found[anna.id].public.fn, 'Anna');
    assert.deepEqual(found[anna.id].private, [`kind:${plant}`]);
    const mode = found[anna.id].acs.getMode?.() ?? found[anna.id].acs.mode;
    assert.equal(mode, 'JRWPASD', 'what Carl would get');
    assert.ok(!found[anna.id].user, 'a topic, nothing else');

    // All words, any word, one's own tags.
    assert.deepEqual(Object.keys(await carl.search(`kind:${plant} kind:${leaf}`)), [anna.id]);
    const any = await carl.search(`kind:${leaf}, ${plant}`);
    assert.deepEqual(Object.keys(any).sort(), [anna.id, group.name].sort());
    assert.deepEqual(Object.keys(await anna.search(`kind:${plant}`)), [bert.id], 'not oneself');
    assert.deepEqual(await carl.search(unique(anna, 'nothing')), {});
    assert.deepEqual(await carl.search('"unclosed'), {}, 'nonsense finds nothing');

    // A hit leads to a conversation.
    assert.equal((await carl.open(Object.keys(await carl.search(`kind:${leaf}`))[0])).public.fn, 'Anna');

    // A query lasts as long as the session is there, and is nobody else's.
    const fnd = carl.tinode.getFndTopic();
    await fnd.leave(false);
    const phone = await people.again(carl);
    assert.equal(phone.tinode.getFndTopic().public ?? null, null);
    await carl.search(carl.clear);
  },

  async 'tags are changed'(people) {
    const anna = await people.person('Anna');
    const carl = await people.regular('Carl');
    const [old, young] = [unique(anna, 'old'), unique(anna, 'young')];
    const group = await anna.group({ desc: { public: { fn: 'Choir' } }, tags: [old] });
    await anna.me.setMeta({ tags: own(anna, `kind:${old}`) });
    assert.deepEqual(Object.keys(await carl.search(`${old},kind:${old}`)).sort(), [anna.id, group.name].sort());
    const { params } = await group.setMeta({ tags: [young, old.toUpperCase()] });
    assert.deepEqual(params, { added: 1 });
    await anna.me.setMeta({ tags: own(anna, `kind:${young}`) });
    const found = await carl.search(`${young},kind:${young}`);
    assert.deepEqual(Object.keys(found).sort(), [anna.id, group.name].sort());
    assert.equal(found[group.name].public.fn, 'Choir');
    assert.equal(found[group.name].subcnt, 1);
    assert.deepEqual(Object.keys(await carl.search(`${old},kind:${old}`)), [group.name]);
    await group.setMeta({ tags: [] });
    assert.deepEqual(await carl.search(old), {});
    const joined = await carl.open(group.name);
    await refused(403, joined.setMeta({ tags: [old] }));
  },

  async 'a login by its tag'(people) {
    const anna = await people.regular('Anna');
    const carl = await people.regular('Carl');
    assert.deepEqual(Object.keys(await carl.search(`basic:${anna.login}`)), [anna.id]);
    assert.deepEqual(await carl.search(anna.login), {}, 'logins are not words');
  },

  'a channel is found as readers know it': needs('Tinode.isChannelTopicName', async (people) => {
    const anna = await people.regular('Anna');
    const carl = await people.regular('Carl');
    const word = unique(carl, 'chan');
    const channel = await anna.channel({ desc: { public: { fn: 'News' } }, tags: [word] });
    const asReader = channel.name.replace('grp', 'chn');
    const found = await carl.search(word);
    assert.deepEqual(Object.keys(found), [asReader]);
    assert.equal(found[asReader].acs.getMode?.() ?? found[asReader].acs.mode, 'JRP');
    assert.equal(found[asReader].subcnt, 1);
    assert.equal((await carl.open(asReader)).public.fn, 'News');
  }),

  'by e-mail, once it is confirmed': needs('me.getCredentials', async (people) => {
    const anna = await people.person('Anna');
    const carl = await people.regular('Carl');
    const phone = await people.again(anna);
    const address = `${anna.login}@example.com`;
    await anna.me.setMeta({ cred: { meth: 'email', val: address } });
    assert.deepEqual(await carl.search(address), {});
    await refused(406, anna.me.setMeta({ cred: { meth: 'email', resp: '000000' } }));
    await anna.me.setMeta({ cred: { meth: 'email', resp: '123456' } });
    assert.ok(anna.me.getCredentials().some((cred) => cred.val === address && cred.done));
    for (const session of [anna, phone]) {
      await until('the tag', () => session.me.tags().includes(`email:${address}`));
    }
    for (const words of [address, `email:${address}`, address.toUpperCase()]) {
      const found = await carl.search(words);
      assert.deepEqual(Object.keys(found), [anna.id], words);
      assert.deepEqual(found[anna.id].private, [`email:${address}`]);
    }
    await refused(409, carl.me.setMeta({ cred: { meth: 'email', val: address } }));
    await anna.me.delCredential('email', address);
    assert.deepEqual(await carl.search(address), {});
  }),

  'a name for one alone: the alias': needs('fnd.checkTagUniqueness', 'Tinode.setUniqueTag', 'topic.alias', async (people) => {
    const anna = await people.person('Anna');
    const carl = await people.person('Carl');
    const alias = `alias:${unique(anna, 'a').slice(-20)}`;
    const carls = carl.tinode.getFndTopic();
    assert.equal(await carls.checkTagUniqueness(alias, carl.id), true, 'free');
    await anna.me.setMeta({ tags: anna.Tinode.setUniqueTag(anna.me.tags(), alias) });
    assert.equal(anna.me.alias(), alias.slice('alias:'.length));
    assert.equal(await carls.checkTagUniqueness(alias, carl.id), false, 'taken');
    assert.equal(await anna.tinode.getFndTopic().checkTagUniqueness(alias, anna.id), true, 'by oneself');
    await refused(400, carl.me.setMeta({ tags: carl.Tinode.setUniqueTag(carl.me.tags(), alias) }));
    const group = await carl.group({ desc: { public: { fn: 'Team' } } });
    await refused(400, group.setMeta({ tags: [alias] }));

    const found = await carl.search(`${alias},${alias.slice('alias:'.length)}`); // as the web client asks
    assert.deepEqual(Object.keys(found), [anna.id]);

    // Changed, the old one is free for a group.
    await anna.me.setMeta({ tags: anna.Tinode.setUniqueTag(anna.me.tags(), `${alias}2`) });
    assert.equal(await carls.checkTagUniqueness(alias, carl.id), true, 'free again');
    await group.setMeta({ tags: [alias] });
    assert.equal(await anna.tinode.getFndTopic().checkTagUniqueness(alias, anna.id), false, 'taken by the group');
    assert.deepEqual(Object.keys(await anna.search(alias)), [group.name]);
    const phone = await people.again(anna);
    assert.equal(phone.me.alias(), `${alias}2`.slice('alias:'.length));
  }),
}, { config });

import assert from 'node:assert/strict';
import { download, upload } from '../lib/files.js';
import { needs, scenarios } from '../lib/scenarios.js';
import { until } from '../lib/until.js';

// attached is a message with a file, as the web app writes it.
const attached = (url, size) => ({
  txt: ' ',
  fmt: [{ at: -1, len: 0, key: 0 }],
  ent: [{ tp: 'EX', data: { mime: 'text/plain', name: 'plan.txt', ref: url, size } }],
});

scenarios('files', {
  'a file is sent in a conversation, and nobody else gets it': needs('tinode.getLargeFileHelper', async (people) => {
    const anna = await people.person('Anna');
    const bert = await people.person('Bert');
    const carl = await people.regular('Carl');
    const text = 'a secret plan '.repeat(5000);
    const url = await upload(anna, text);
    assert.match(url, /^\/v0\/file\/s\/[-_A-Za-z0-9]{11}\.txt$/);
    assert.equal(await download(anna, url), text);
    await assert.rejects(download(bert, url), /permission denied \(?403|permission denied/);

    const topic = await anna.open(bert.id);
    await topic.publishMessage(topic.createMessage(attached(url, text.length)));
    await until('the message', () => bert.contact(anna.id)?.seq === 1);
    const { ref } = (await bert.open(anna.id)) && bert.data.at(-1).content.ent[0].data;
    assert.equal(ref, url);
    assert.equal(await download(bert, ref), text);
    await assert.rejects(download(carl, url), /permission denied/);
  }),

  'what is too large is refused': needs('tinode.getLargeFileHelper', async (people) => {
    const anna = await people.regular('Anna');
    const most = anna.tinode.getServerInfo().maxFileUploadSize;
    assert.equal(typeof most, 'number');
    await assert.rejects(upload(anna, 'x'.repeat(most + 1)), /too large/);
  }),

  'a picture of a user': needs('tinode.getLargeFileHelper', async (people) => {
    const anna = await people.person('Anna');
    const bert = await people.regular('Bert');
    const url = await upload(anna, 'GIF89a\x01\x00\x01\x00\x00\x00\x00;', { type: 'image/gif', topic: anna.id });
    assert.match(url, /\.gif$/);
    await anna.me.setMeta({ desc: { public: { fn: 'Anna', photo: { type: 'gif', ref: url } } }, attachments: [url] });
    assert.equal((await download(bert, url)).slice(0, 6), 'GIF89a');
  }),
});

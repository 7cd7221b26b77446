// Uploads that go on after the server was killed, by tus-js-client, which nobody
// here wrote either.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import * as tus from 'tus-js-client';
import { apiKey, Server } from '../lib/server.js';

const MiB = 1 << 20;

describe('uploads in pieces, with tus-js-client', () => {
  const server = new Server({ config: { limits: { uploads_per_user: '100/s, burst 100' } }, each: 4 });
  before(() => server.start());
  after(() => server.close());

  const headers = ({ token }) => ({ 'X-Tinode-APIKey': apiKey, 'X-Tinode-Auth': `Token ${token}` });
  const person = () => server.inhabitants.splice(server.inhabitants.findIndex((one) => one.name === 'Anna'), 1)[0];

  // upload runs until the file is there, and returns its URL.
  const upload = (who, content, options, begun = () => {}) => new Promise((resolve, reject) => {
    const one = new tus.Upload(content, {
      endpoint: `http://${server.host}/v0/file/tus/`,
      headers: headers(who),
      metadata: { filename: 'thing.bin', filetype: 'application/x-thing' },
      retryDelays: [100, 300, 500, 1000, 2000, 3000],
      onSuccess: ({ lastResponse }) => resolve(lastResponse.getHeader('Content-Location')),
      onError: reject,
      ...options,
    });
    begun(one);
    one.start();
  });

  const fetched = async (who, url) => {
    const answer = await fetch(`http://${server.host}${url}`, { headers: headers(who) });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'application/x-thing');
    return Buffer.from(await answer.arrayBuffer());
  };

  test('in one go', async () => {
    const anna = person();
    const content = randomBytes(MiB + 7);
    const url = await upload(anna, content, {});
    assert.match(url, /^\/v0\/file\/s\/[-_A-Za-z0-9]{11}/);
    assert.deepEqual(await fetched(anna, url), content);
  });

  test('the server is killed in the middle, and the client goes on by itself', async () => {
    const anna = person();
    const content = randomBytes(6 * MiB);
    let killed;
    const url = await upload(anna, content, {
      chunkSize: MiB,
      onChunkComplete: (_size, accepted) => {
        if (accepted >= 3 * MiB) killed ??= server.kill('SIGKILL').then(() => server.start());
      },
    });
    assert.ok(killed, 'the server was killed');
    await killed;
    assert.deepEqual(await fetched(anna, url), content);
  });

  test('the client goes away and comes back later', async () => {
    const anna = person();
    const content = randomBytes(3 * MiB);
    let first;
    const address = await new Promise((resolve, reject) => {
      upload(anna, content, {
        chunkSize: MiB,
        onChunkComplete: () => first.abort().then(() => resolve(first.url)),
        onError: reject,
      }, (one) => (first = one)).catch(reject);
    });
    const state = await fetch(address, { headers: headers(anna) });
    assert.equal(state.status, 202);
    assert.equal((await state.json()).ctrl.params.length, 3 * MiB);
    let began;
    const url = await upload(anna, content, { uploadUrl: address, onProgress: (sent) => (began ??= sent) });
    assert.ok(began >= MiB, `it began again at ${began}`);
    assert.deepEqual(await fetched(anna, url), content);
  });

  test('nobody goes on with what somebody else began, and too much is refused', async () => {
    const anna = person();
    const root = server.inhabitants.find((one) => one.name === 'Root');
    const begun = await fetch(`http://${server.host}/v0/file/tus/`, {
      method: 'POST', headers: { ...headers(anna), 'Tus-Resumable': '1.0.0', 'Upload-Length': '5' },
    });
    assert.equal(begun.status, 201);
    const address = new URL(begun.headers.get('location'), `http://${server.host}`).href;
    const asked = await fetch(address, { method: 'HEAD', headers: headers(root) });
    assert.equal(asked.status, 404);
    await assert.rejects(upload(anna, Buffer.alloc(8 * MiB + 1), {}), (e) => e.originalResponse.getStatus() === 413);
  });
});

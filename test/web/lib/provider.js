import { createSign, generateKeyPairSync, randomBytes, createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

const b64 = (data) => Buffer.from(data).toString('base64url');

// Provider is an OpenID provider with real signatures (RS256). Its page has a
// button for each of its users, and one to cancel.
export class Provider {
  users = []; // { sub, name }
  client = { id: 'parley', secret: randomBytes(12).toString('hex') };
  #key = generateKeyPairSync('rsa', { modulusLength: 2048 });
  #codes = new Map(); // code → what the authorization was for
  #faults = [];
  #server = createServer((req, res) => {
    this.#serve(req, res).catch((e) => {
      this.#faults.push(e.message);
      res.writeHead(400, { 'Content-Type': 'application/json' }).end(JSON.stringify({ error: 'invalid_request', error_description: e.message }));
    });
  });

  async start() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get host() {
    return `127.0.0.1:${this.#server.address().port}`;
  }
  get url() {
    return `http://${this.host}`;
  }

  async #serve(req, res) {
    const url = new URL(req.url, this.url);
    const json = (value) => res.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(JSON.stringify(value));
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return json({
          issuer: this.url, authorization_endpoint: `${this.url}/authorize`, token_endpoint: `${this.url}/token`, jwks_uri: `${this.url}/keys`,
          response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'],
          code_challenge_methods_supported: ['S256'],
        });
      case '/keys':
        return json({ keys: [{ ...this.#key.publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'one' }] });
      case '/authorize':
        return this.#authorize(url.searchParams, res);
      case '/decide':
        return this.#decide(url.searchParams, res);
      case '/token':
        return json(await this.#token(req));
    }
    res.writeHead(404).end();
  }

  #authorize(q, res) {
    need(q.get('response_type') === 'code' && q.get('client_id') === this.client.id, 'not our client');
    need(q.get('state') && q.get('nonce'), 'no state or nonce');
    need(q.get('code_challenge_method') === 'S256' && q.get('code_challenge'), 'no PKCE');
    need(/\bopenid\b/.test(q.get('scope')), 'no scope openid');
    const choice = (label, user) => `<p><a href="/decide?${new URLSearchParams([...q, ['as', user]])}">${label}</a></p>`.replaceAll('&', '&amp;');
    res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
    res.end(`<!DOCTYPE html><html lang="en"><title>Provider</title><link rel="icon" href="data:,"><h1>Who are you?</h1>${this.users.map((u) => choice(u.name, u.sub)).join('')}${choice('Cancel', '')}</html>`);
  }

  #decide(q, res) {
    const back = new URL(q.get('redirect_uri'));
    back.searchParams.set('state', q.get('state'));
    const user = this.users.find((u) => u.sub === q.get('as'));
    if (user) {
      const code = randomBytes(16).toString('hex');
      this.#codes.set(code, { user, nonce: q.get('nonce'), challenge: q.get('code_challenge'), redirect: q.get('redirect_uri') });
      back.searchParams.set('code', code);
    } else {
      back.searchParams.set('error', 'access_denied');
    }
    res.writeHead(302, { Location: back.href }).end();
  }

  async #token(req) {
    let body = '';
    for await (const chunk of req) body += chunk;
    const q = new URLSearchParams(body);
    const basic = Buffer.from(req.headers.authorization?.replace(/^Basic /, '') ?? '', 'base64').toString();
    const [id, secret] = basic ? basic.split(':').map(decodeURIComponent) : [q.get('client_id'), q.get('client_secret')];
    need(id === this.client.id && secret === this.client.secret, 'wrong client secret');
    const grant = this.#codes.get(q.get('code'));
    this.#codes.delete(q.get('code'));
    need(grant && grant.redirect === q.get('redirect_uri'), 'unknown code');
    need(createHash('sha256').update(q.get('code_verifier') ?? '').digest('base64url') === grant.challenge, 'wrong verifier');
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: this.url, aud: this.client.id, sub: grant.user.sub, name: grant.user.name, nonce: grant.nonce, iat: now, exp: now + 300 };
    const text = `${b64(JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: 'one' }))}.${b64(JSON.stringify(claims))}`;
    const signature = createSign('RSA-SHA256').update(text).sign(this.#key.privateKey, 'base64url');
    return { access_token: randomBytes(16).toString('hex'), token_type: 'Bearer', expires_in: 300, id_token: `${text}.${signature}` };
  }

  async close() {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
    if (this.#faults.length > 0) throw new Error(`the provider was asked badly: ${this.#faults.join('; ')}`);
  }
}

function need(good, text) {
  if (!good) throw new Error(text);
}

import { createHmac } from 'node:crypto';
import WebSocket from 'ws';
import { patience } from './patience.js';

// Raw is a session on the wire, for what a test must prepare and no page can do.
export class Raw {
  #socket;
  #waiting = new Map();
  #number = 0;

  static async open(server) {
    const { apiKey } = await (await fetch(`${server.url}v0/client`)).json();
    const r = new Raw();
    r.#socket = new WebSocket(`ws://${server.host}/v0/channels?apikey=${apiKey}`);
    await new Promise((resolve, reject) => {
      r.#socket.onopen = resolve;
      r.#socket.onerror = () => reject(new Error('no WebSocket'));
    });
    r.#socket.onmessage = (e) => {
      const { ctrl } = JSON.parse(e.data);
      if (ctrl?.id) r.#waiting.get(ctrl.id)?.(ctrl);
    };
    await r.ask('hi', { ver: '0.25' });
    return r;
  }

  // say sends what nobody answers, such as a {note}.
  say(kind, body) {
    this.#socket.send(JSON.stringify({ [kind]: body }));
  }

  // ask sends a request and returns the {ctrl} that answers it, whatever it says.
  async ask(kind, body) {
    const id = String(++this.#number);
    this.say(kind, { id, ...body });
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to {${kind}}`)), 30_000 * patience);
      this.#waiting.set(id, (ctrl) => {
        clearTimeout(timer);
        resolve(ctrl);
      });
    });
  }

  // must is ask that does not put up with a refusal.
  async must(kind, body) {
    const ctrl = await this.ask(kind, body);
    if (ctrl.code >= 300) throw new Error(`{${kind}}: ${ctrl.code} ${ctrl.text}`);
    return ctrl;
  }

  close() {
    this.#socket.close();
  }
}

// secretOf is that of scheme basic.
export const secretOf = (login, password) => Buffer.from(`${login}:${password}`).toString('base64');

// totp is the code of a time step of 30 s (RFC 6238); step 1 is the next one.
export function totp(secret, step = 0) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replace(/[\s=]/g, '')].map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + step));
  const mac = createHmac('sha1', key).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

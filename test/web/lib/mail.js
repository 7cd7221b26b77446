import { once } from 'node:events';
import { createServer } from 'node:net';
import { until } from './until.js';

// noMail is a configuration in which every code is 123456, and no mail leaves the machine: nothing
// listens on port 9.
export const noMail = { host_url: 'http://localhost/', smtp_server: '127.0.0.1', smtp_port: '9', sender: 'chat@example.com', debug_response: '123456' };

// MailServer takes every message, as far as a sender needs it: RFC 5321 without
// extensions. What senders may get wrong is tested in auth/mail.
export class MailServer {
  messages = []; // { to: [address], text }
  #server = createServer((socket) => this.#serve(socket));
  #sockets = new Set();

  async start() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get port() {
    return this.#server.address().port;
  }

  #serve(socket) {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {}); // the sender went away
    socket.setEncoding('latin1');
    const say = (line) => socket.write(`${line}\r\n`);
    let rest = '';
    let to = [];
    let body = null; // lines, within DATA
    const take = (line) => {
      if (body) {
        if (line !== '.') return void body.push(line.replace(/^\.\./, '.'));
        this.messages.push({ to, text: plain(body.join('\r\n')) });
        [body, to] = [null, []];
        return say('250 taken');
      }
      const [, verb, address] = line.match(/^(\w+)(?:.*<(.*)>)?/) ?? [];
      switch (verb?.toUpperCase()) {
        case 'EHLO':
        case 'HELO':
        case 'MAIL':
        case 'NOOP':
          return say('250 ok');
        case 'RSET':
          to = [];
          return say('250 ok');
        case 'RCPT':
          to.push(address);
          return say('250 ok');
        case 'DATA':
          body = [];
          return say('354 go on');
        case 'QUIT':
          say('221 bye');
          return socket.end();
      }
      say('502 what?');
    };
    say('220 ready');
    socket.on('data', (chunk) => {
      rest += chunk;
      for (let i; (i = rest.indexOf('\r\n')) >= 0; ) {
        const line = rest.slice(0, i);
        rest = rest.slice(i + 2);
        take(line);
      }
    });
  }

  // code waits for the nth message to an address and returns the code in it.
  async code(address, nth = 1) {
    const found = await until(`message ${nth} to ${address}`, () => this.messages.filter((m) => m.to.includes(address))[nth - 1]);
    const code = found.text.match(/(?<![\w=/+-])\d{6}(?![\w=/+-])/)?.[0];
    if (!code) throw new Error(`no code in: ${found.text}`);
    return code;
  }

  async close() {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

// plain is the first part of a message that is meant to be read as it is.
function plain(raw) {
  const [head, ...rest] = raw.split('\r\n\r\n');
  const field = (name) => head.replace(/\r\n[ \t]+/g, ' ').match(new RegExp(`^${name}: *(.*)$`, 'im'))?.[1] ?? '';
  const body = rest.join('\r\n\r\n');
  const boundary = field('Content-Type').match(/boundary="?([^";]+)"?/i)?.[1];
  if (boundary) {
    const parts = body.split(`--${boundary}`).slice(1, -1).map((p) => p.replace(/^\r\n/, ''));
    return plain(parts.find((p) => /^Content-Type: *text\/plain/im.test(p)) ?? parts[0]);
  }
  switch (field('Content-Transfer-Encoding').toLowerCase()) {
    case 'base64':
      return Buffer.from(body, 'base64').toString();
    case 'quoted-printable':
      return Buffer.from(body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString();
  }
  return body;
}

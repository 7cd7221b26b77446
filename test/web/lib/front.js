import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';

// Front stands before a server: it can be cut off, and answer some paths itself.
export class Front {
  answers = new Map(); // path → (request, response, path with query) => void
  #open = new Set();
  #http;
  #port = 0;
  #server;

  constructor(server) {
    this.#server = server;
  }
  get host() {
    return `127.0.0.1:${this.#port}`;
  }
  get url() {
    return `http://${this.host}/`;
  }
  get #to() {
    const [host, port] = this.#server.host.split(':');
    return { host, port: Number(port) };
  }

  async start() {
    this.#http = createServer((req, res) => {
      const answer = this.answers.get(new URL(req.url, this.url).pathname);
      if (answer) return answer(req, res);
      const on = request({ ...this.#to, method: req.method, path: req.url, headers: req.headers }, (r) => {
        res.writeHead(r.statusCode, r.headers);
        r.pipe(res);
      });
      on.on('error', () => res.destroy());
      req.pipe(on);
    });
    this.#http.on('connection', (s) => {
      this.#open.add(s);
      s.on('close', () => this.#open.delete(s));
    });
    this.#http.on('upgrade', (req, socket, head) => {
      const on = connect(this.#to, () => {
        const lines = [`${req.method} ${req.url} HTTP/1.1`];
        for (let i = 0; i < req.rawHeaders.length; i += 2) lines.push(`${req.rawHeaders[i]}: ${req.rawHeaders[i + 1]}`);
        on.write(`${lines.join('\r\n')}\r\n\r\n`);
        on.write(head);
        socket.pipe(on).pipe(socket);
      });
      for (const [a, b] of [[socket, on], [on, socket]]) a.on('error', () => b.destroy()).on('close', () => b.destroy());
    });
    this.#http.listen(this.#port, '127.0.0.1');
    await once(this.#http, 'listening');
    this.#port = this.#http.address().port;
    return this;
  }

  // cut ends all connections and takes no new ones, until start.
  async cut() {
    const closed = new Promise((resolve) => this.#http.close(resolve));
    for (const s of this.#open) s.destroy();
    await closed;
  }

  // body is what the server itself has at a path.
  async body(path) {
    return (await fetch(`${this.#server.url}${path}`)).text();
  }
}

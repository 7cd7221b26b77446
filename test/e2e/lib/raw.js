import { once } from 'node:events';
import WebSocket from 'ws';
import { apiKey } from './server.js';
import { until } from './until.js';

// Raw is a socket with the frames as they are, for what no SDK shows.
export class Raw {
  frames = [];
  closed = null; // close code

  static async dial(host) {
    const raw = new Raw();
    raw.socket = new WebSocket(`ws://${host}/v0/channels?apikey=${apiKey}`);
    raw.socket.on('message', (bytes) => raw.frames.push(JSON.parse(bytes)));
    raw.socket.on('close', (code) => (raw.closed = code));
    await once(raw.socket, 'open');
    return raw;
  }

  // ask sends a request and returns the {ctrl} that answers it.
  async ask(request) {
    const [{ id }] = Object.values(request);
    this.socket.send(JSON.stringify(request));
    const frame = await until(`an answer to ${id}`, () => this.frames.find((f) => f.ctrl?.id === id));
    return frame.ctrl;
  }

  // metas returns the parts of a {get} by their name, once they are all there.
  async metas(id, ...parts) {
    const got = () => Object.assign({}, ...this.frames.filter((f) => f.meta?.id === id).map((f) => f.meta));
    await until(`the parts ${parts} of ${id}`, () => parts.every((part) => part in got()));
    return got();
  }

  close() {
    this.socket.terminate();
  }
}

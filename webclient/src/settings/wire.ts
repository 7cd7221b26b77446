import { Problem } from '../model/problem';

// A connection of its own, for what would be in the way of the page: docs/protocol.md
// over a WebSocket, one request at a time.

export interface SocketLike {
  send(text: string): void;
  close(): void;
  onopen: ((e: never) => void) | null;
  onmessage: ((e: never) => void) | null;
  onclose: ((e: never) => void) | null;
}
type Packet = { [field: string]: unknown };
interface Answer {
  meta?: Packet;
  ctrl?: Packet & { code: number; text: string; params?: Packet };
  data: Packet[];
}

const patience = 30_000; // ms for an answer

export class Wire {
  private next = 1;
  private waiting: { id: string; data: Packet[]; take: (a: Answer) => void; fail: (e: Error) => void } | undefined;
  private gone = false;

  private constructor(private readonly socket: SocketLike) {
    socket.onmessage = (e: { data: unknown }) => this.take(String(e.data));
    socket.onclose = () => this.end(new Problem(503, 'closed'));
  }

  static open(socket: SocketLike): Promise<Wire> {
    return new Promise((resolve, reject) => {
      socket.onclose = () => reject(new Problem(503, 'no connection'));
      socket.onopen = () => resolve(new Wire(socket));
    });
  }

  close(): void {
    this.end(new Problem(499, 'closed'));
    this.socket.close();
  }

  // ask sends a request and returns its answer. It fails with a Problem where that
  // is a refusal; told to wait, it does, if it is patient.
  async ask(kind: string, body: Packet, patient = true): Promise<Answer> {
    for (;;) {
      const answer = await this.once(kind, body);
      const { ctrl } = answer;
      if (!ctrl || ctrl.code < 400) return answer;
      const retry = Number(ctrl.params?.retry);
      if (!patient || ctrl.code !== 429 || !(retry > 0)) throw new Problem(ctrl.code, ctrl.text, ctrl.params);
      await new Promise((r) => setTimeout(r, Math.min(retry, 60) * 1_000));
    }
  }

  private once(kind: string, body: Packet): Promise<Answer> {
    if (this.gone) return Promise.reject(new Problem(503, 'closed'));
    const id = String(this.next++);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.waiting?.id === id && this.waiting.fail(new Problem(504, 'timeout')), patience);
      const done = () => {
        clearTimeout(timer);
        this.waiting = undefined;
      };
      this.waiting = { id, data: [], take: (a) => (done(), resolve(a)), fail: (e) => (done(), reject(e)) };
      this.socket.send(JSON.stringify({ [kind]: { id, ...body } }));
    });
  }

  private take(text: string): void {
    let packet: { meta?: Packet; ctrl?: Answer['ctrl']; data?: Packet };
    try {
      packet = JSON.parse(text);
    } catch {
      return; // a probe
    }
    const { waiting } = this;
    if (!waiting) return;
    if (packet.data) waiting.data.push(packet.data);
    else if (packet.meta?.id === waiting.id) waiting.take({ meta: packet.meta, data: waiting.data });
    else if (packet.ctrl?.id === waiting.id) waiting.take({ ctrl: packet.ctrl, data: waiting.data });
  }

  private end(e: Error): void {
    this.gone = true;
    this.waiting?.fail(e);
  }
}

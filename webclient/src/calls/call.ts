import { batch, effect, signal } from '@preact/signals';
import { Drafty, type Info, type Message } from 'tinode-sdk';
import { t } from '../i18n';
import { contact, onData, onInfo } from '../model/contacts';
import { clockOf } from '../model/preview';
import { codeOf, explain } from '../model/problem';
import { ask, myID, online, openTopic, sdk } from '../model/session';
import { hold } from './hold';
import { camera, cameras, open, stop } from './media';
import { Peer } from './peer';
import { ring } from './ringing';
import { isOpen } from './watch';

// Call is one call, from the first click or ring to its end:
//
//   asking ── calling ── ringing ──┐
//   incoming ── asking ────────────┴─ connecting ── active ── ended
//
// What the server knows of it: docs/protocol/calls.md.
export type Phase = 'asking' | 'calling' | 'ringing' | 'incoming' | 'connecting' | 'active' | 'ended';

const patience = 20_000; // ms, for a connection to come about or come back
const shakyFor = 2_000; // ms, until a break is worth a new way
const readable = 2_500; // ms, that the end is shown

let made = 0;

export class Call {
  readonly key = ++made;
  readonly phase = signal<Phase>('asking');
  readonly local = signal<MediaStream | null>(null);
  readonly remote = signal<{ stream: MediaStream; picture: boolean } | null>(null);
  readonly micOn = signal(true);
  readonly cameraOn = signal(false);
  readonly canSwitch = signal(false); // there is another camera
  readonly shaky = signal(false);
  readonly since = signal(0); // ms; 0: never connected
  readonly notice = signal(''); // something that does not end it
  readonly end = signal(''); // why it ended, for people
  readonly failed = signal(false); // it ended by a fault: stays until it is closed
  readonly mini = signal(false);
  outgoing: boolean;

  #peer: Peer | undefined;
  #stops: (() => void)[] = []; // run at the end
  #quiet: (() => void) | undefined; // stops the ringing
  #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #early: Info[] = []; // signals that came before our microphone

  constructor(
    readonly topic: string,
    readonly video: boolean,
    private seq: number,
    private readonly gone: () => void,
  ) {
    this.outgoing = seq === 0;
    this.#stops.push(onInfo((info) => this.#info(info)), onData((data) => this.#data(data)));
  }

  get name(): string {
    return contact(this.topic)?.title ?? t('common.nobody');
  }
  get #over(): boolean {
    return this.phase.peek() === 'ended';
  }

  // place calls: microphone first, so that nobody is rung for nothing.
  async place(): Promise<void> {
    if (!(await this.#media(this.video))) return;
    this.phase.value = 'calling';
    try {
      await this.#attach();
      const topic = sdk().getTopic(this.topic);
      const message = topic.createMessage(Drafty.videoCall(!this.video));
      message.head = { ...message.head, webrtc: 'started', ...(this.video ? {} : { aonly: true }) };
      const ctrl = await ask(() => sdk().publishMessage(message));
      this.seq = Number(ctrl.params?.seq);
    } catch (e) {
      return codeOf(e) === 486 ? this.#crossed() : this.#ended(codeOf(e) === 501 ? t('calls.unsupported') : explain(e), true);
    }
    if (this.#over) return this.#note('hang-up'); // given up meanwhile
    const seconds = sdk().getServerParam<number>('callTimeout', 30);
    this.#after('timeout', (seconds + 5) * 1_000, () => (this.#note('hang-up'), this.#ended(t('calls.noAnswer', { name: this.name }))));
  }

  // crossed: there is a call already. If it is one from him to us, both wanted
  // the same, and it is taken.
  #crossed(): void {
    let theirs = 0;
    sdk().getTopic(this.topic).messages((m) => {
      if (m.from !== myID.peek() && m.head?.webrtc === 'started' && isOpen(this.topic, m.seq)) theirs = m.seq;
    });
    if (!theirs) return this.#ended(t('calls.busy'), true);
    this.seq = theirs;
    this.outgoing = false;
    void this.#take();
  }

  // ring is the beginning of a call that comes in.
  ring(): void {
    this.phase.value = 'incoming';
    this.#note('ringing');
    const photo = contact(this.topic)?.photo;
    this.#quiet = ring({ sound: 'incoming', title: this.name, text: t(this.video ? 'calls.incomingVideo' : 'calls.incoming'), icon: photo });
    const seconds = sdk().getServerParam<number>('callTimeout', 30);
    this.#after('timeout', (seconds + 5) * 1_000, () => this.#ended(t('calls.missed')));
  }

  async accept(video: boolean): Promise<void> {
    if (this.phase.peek() !== 'incoming') return;
    this.#silence();
    this.phase.value = 'asking';
    if (await this.#media(video)) await this.#take();
  }

  // take tells the server and the caller, who then offers.
  async #take(): Promise<void> {
    this.phase.value = 'connecting';
    this.#forgetTimer('timeout');
    try {
      await this.#attach();
    } catch (e) {
      return this.#ended(explain(e), true);
    }
    if (this.#over) return;
    this.#connect(false);
    this.#note('accept');
  }

  // media opens microphone and camera; false if that ended the call.
  async #media(video: boolean): Promise<boolean> {
    let stream: MediaStream;
    try {
      stream = await open(video);
    } catch (e) {
      if (!this.#over) this.#ended(e instanceof Error ? e.message : String(e), true);
      if (this.seq) this.#note('hang-up');
      return false;
    }
    if (this.#over) {
      stop(stream);
      return false;
    }
    const pictured = stream.getVideoTracks().length > 0;
    batch(() => {
      this.local.value = stream;
      this.cameraOn.value = pictured;
      if (video && !pictured) this.notice.value = t('calls.noCamera');
    });
    void cameras().then((all) => (this.canSwitch.value = all.length > 1));
    return true;
  }

  // attach stays in the conversation while the call lasts, and comes back there
  // after a break.
  async #attach(): Promise<void> {
    const topic = sdk().getTopic(this.topic);
    this.#stops.push(hold(topic));
    const join = () => {
      if (topic.isSubscribed()) return Promise.resolve(topic);
      // Where the conversation is open, its page fetches what is new.
      const query = topic.startMetaQuery().withLaterDesc();
      return topic.subscribe((openTopic.peek() === this.topic && last ? query : query.withLaterData(24)).build());
    };
    let last = 0;
    await ask(join);
    last = online.peek();
    this.#stops.push(
      effect(() => {
        const now = online.value;
        if (now === last) return;
        last = now;
        if (now) void join().catch(() => {});
        // Without the server nobody is found; those who talk already go on.
        else if (!this.#peer?.up) this.#ended(t('calls.lost'), true);
      }),
    );
  }

  #connect(caller: boolean): void {
    const local = this.local.peek();
    if (!local || this.#peer) return;
    this.phase.value = 'connecting';
    const servers = sdk().getServerParam<unknown>('iceServers', []);
    this.#peer = new Peer(toServers(servers), caller, local, {
      send: (event, payload) => this.#note(event, payload),
      remote: (stream) => (this.remote.value = { stream, picture: stream.getVideoTracks().some((x) => !x.muted && x.readyState === 'live') }),
      state: (s) => this.#state(s),
    });
    this.#early.splice(0).forEach((info) => this.#peer?.take(info.event ?? '', info.payload));
    this.#after('connect', patience, () => this.#lost());
    const network = () => this.#peer?.restart();
    addEventListener('online', network);
    this.#stops.push(() => removeEventListener('online', network));
  }

  #state(s: 'up' | 'shaky' | 'failed'): void {
    if (this.#over) return;
    if (s === 'up') {
      this.#forgetTimer('connect');
      this.#forgetTimer('restart');
      batch(() => {
        this.since.value ||= Date.now();
        this.phase.value = 'active';
        this.shaky.value = false;
      });
      return;
    }
    this.shaky.value = true;
    if (!this.#timers.has('connect')) this.#after('connect', patience, () => this.#lost());
    this.#after('restart', s === 'failed' ? 0 : shakyFor, () => this.#peer?.restart());
  }

  #lost(): void {
    this.#note('hang-up');
    this.#ended(t('calls.lost'), true);
  }

  #info(info: Info): void {
    const name = info.topic === 'me' ? info.src : info.topic;
    if (info.what !== 'call' || name !== this.topic || info.seq !== this.seq || this.seq === 0 || this.#over) return;
    switch (info.event) {
      case 'ringing':
        if (this.phase.peek() !== 'calling') return;
        this.phase.value = 'ringing';
        this.#quiet ??= ring({ sound: 'outgoing' });
        return;
      case 'accept':
        if (!this.outgoing) {
          if (info.from === myID.peek() && !this.#peer) this.#ended(t('calls.elsewhere'));
          return;
        }
        this.#silence();
        this.#forgetTimer('timeout');
        return this.#connect(true);
      case 'hang-up':
        return this.#ended(this.#reason(''));
      case 'offer':
      case 'answer':
      case 'ice-candidate':
        if (this.#peer) this.#peer.take(info.event, info.payload);
        else if (this.#early.length < 100) this.#early.push(info);
    }
  }

  // data: a message of the server's that tells how the call goes on.
  #data(data: Message): void {
    if (data.topic !== this.topic || data.head?.replace !== `:${this.seq}` || this.seq === 0 || this.#over) return;
    const state = data.head.webrtc;
    if (state === 'accepted') {
      if (!this.outgoing && !this.#peer && this.phase.peek() === 'incoming') this.#ended(t('calls.elsewhere'));
    } else if (state && state !== 'started') this.#ended(this.#reason(state), state === 'disconnected');
  }

  #reason(state: string): string {
    const known = state || sdk().cacheGetTopic(this.topic)?.latestMsgVersion(this.seq)?.head?.webrtc;
    switch (known) {
      case 'disconnected':
        return t('calls.lost');
      case 'declined':
        return this.outgoing ? t('calls.declined', { name: this.name }) : t('calls.ended');
      case 'missed':
        return this.outgoing ? t('calls.noAnswer', { name: this.name }) : t('calls.missed');
      default:
        if (this.since.peek()) return t('calls.endedAfter', { time: clockOf(Date.now() - this.since.peek()) });
        return this.outgoing || this.phase.peek() !== 'incoming' ? t('calls.ended') : t('calls.missed');
    }
  }

  // hangUp by the user; before it was taken that is declining, or giving up.
  hangUp(): void {
    if (this.#over) return;
    this.#note('hang-up');
    this.#ended(this.since.peek() ? this.#reason('') : t(this.outgoing ? 'calls.cancelled' : 'calls.ended'));
  }

  mute(on: boolean): void {
    for (const track of this.local.peek()?.getAudioTracks() ?? []) track.enabled = !on;
    this.micOn.value = !on;
  }

  // useCamera turns it on (another one, if next) or off. The old one is let go
  // first: phones open one at a time.
  async useCamera(on: boolean, next = false): Promise<void> {
    const stream = this.local.peek();
    if (!stream || this.#over) return;
    const old = stream.getVideoTracks()[0];
    const before = old?.getSettings().deviceId;
    if (old) {
      stream.removeTrack(old);
      old.stop();
    }
    let track: MediaStreamTrack | null = null;
    try {
      const all = next ? await cameras() : [];
      if (on) track = await camera(next ? all[(all.indexOf(before ?? '') + 1) % all.length] : undefined);
    } catch {
      this.notice.value = t('calls.noCamera');
    }
    if (this.#over) return track?.stop();
    if (track) stream.addTrack(track);
    await this.#peer?.picture(track);
    batch(() => {
      this.cameraOn.value = !!track;
      if (track) this.notice.value = '';
      this.local.value = new MediaStream(stream.getTracks()); // another object, so that it is shown anew
    });
  }

  #note(event: string, payload?: unknown): void {
    if (this.seq === 0) return;
    try {
      sdk().videoCall(this.topic, this.seq, event, payload);
    } catch {
      // no connection: the server knows, and ends it
    }
  }

  #after(what: string, ms: number, f: () => void): void {
    this.#forgetTimer(what);
    this.#timers.set(what, setTimeout(() => (this.#timers.delete(what), f()), ms));
  }
  #forgetTimer(what: string): void {
    clearTimeout(this.#timers.get(what));
    this.#timers.delete(what);
  }
  #silence(): void {
    this.#quiet?.();
    this.#quiet = undefined;
  }

  // ended lets go of everything that runs, and shows why for a moment.
  #ended(why: string, failed = false): void {
    if (this.#over) return;
    this.#release();
    batch(() => {
      this.end.value = why;
      this.failed.value = failed;
      this.notice.value = '';
      this.phase.value = 'ended';
      this.local.value = null;
      this.remote.value = null;
    });
    if (!failed) this.#after('close', readable, this.gone);
  }

  #release(): void {
    this.#silence();
    this.#timers.forEach(clearTimeout);
    this.#timers.clear();
    this.#peer?.close();
    this.#peer = undefined;
    stop(this.local.peek());
    this.#stops.reverse().forEach((f) => f());
    this.#stops = [];
  }

  // close takes it from the page.
  close(): void {
    this.#release();
    this.phase.value = 'ended';
    this.gone();
  }
}

// toServers makes of what {hi} says what the browser takes.
function toServers(list: unknown): RTCIceServer[] {
  if (!Array.isArray(list)) return [];
  return list
    .filter((s) => s && (typeof s.urls === 'string' || Array.isArray(s.urls)))
    .map(({ urls, username, credential }) => ({ urls, ...(username ? { username: String(username), credential: String(credential ?? '') } : {}) }));
}

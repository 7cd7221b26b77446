// Peer is the connection to the other browser: sound and pictures, and the
// offers and answers that keep it. Both sides may offer anew at any time (a
// camera is turned on, the network changed); when both do at once, the polite
// one gives way: "perfect negotiation" of the WebRTC specification.

export interface PeerEvents {
  send(event: 'offer' | 'answer' | 'ice-candidate', payload: unknown): void;
  remote(stream: MediaStream): void; // whenever a track of it changes
  state(s: 'up' | 'shaky' | 'failed'): void;
}

export class Peer {
  readonly #pc: RTCPeerConnection;
  readonly #polite: boolean;
  readonly #on: PeerEvents;
  readonly #remote = new MediaStream();
  #offering = false;
  #ignored = false; // the last offer
  #early: RTCIceCandidateInit[] = []; // before there is a description to add them to
  #queue: Promise<void> = Promise.resolve(); // one signal after the other

  // The caller offers first, so he gives his tracks at once; the callee has them
  // added to the first offer (local).
  #local: MediaStream | undefined;

  constructor(servers: RTCIceServer[], caller: boolean, local: MediaStream, on: PeerEvents) {
    this.#pc = new RTCPeerConnection({ iceServers: servers, bundlePolicy: 'max-bundle' });
    this.#polite = !caller;
    this.#on = on;
    const pc = this.#pc;
    pc.onnegotiationneeded = () => void this.#offer();
    pc.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) on.send('ice-candidate', candidate.toJSON());
    };
    pc.ontrack = ({ track }) => {
      if (!this.#remote.getTracks().includes(track)) this.#remote.addTrack(track);
      const told = () => on.remote(this.#remote);
      track.onmute = track.onunmute = track.onended = told;
      told();
    };
    pc.onconnectionstatechange = () => {
      if (pc.connectionState === 'connected') on.state('up');
      else if (pc.connectionState === 'disconnected') on.state('shaky');
      else if (pc.connectionState === 'failed') on.state('failed');
    };
    if (caller) this.#add(local);
    else this.#local = local;
  }

  #add(stream: MediaStream): void {
    for (const track of stream.getTracks()) this.#pc.addTrack(track, stream);
  }

  async #offer(): Promise<void> {
    const pc = this.#pc;
    try {
      this.#offering = true;
      await pc.setLocalDescription();
      this.#on.send('offer', pc.localDescription?.toJSON());
    } catch {
      // closed meanwhile, or the other side's offer came first
    } finally {
      this.#offering = false;
    }
  }

  // take is a signal of the other side. What makes no sense is left aside.
  take(event: string, payload: unknown): void {
    this.#queue = this.#queue.then(() => this.#take(event, payload)).catch(() => {});
  }

  async #take(event: string, payload: unknown): Promise<void> {
    const pc = this.#pc;
    if (pc.signalingState === 'closed' || typeof payload !== 'object' || payload === null) return;
    if (event === 'ice-candidate') {
      const candidate = payload as RTCIceCandidateInit;
      if (this.#ignored) return;
      if (!pc.remoteDescription) this.#early.push(candidate);
      else await pc.addIceCandidate(candidate);
      return;
    }
    const description = payload as RTCSessionDescriptionInit;
    const collides = event === 'offer' && (this.#offering || pc.signalingState !== 'stable');
    this.#ignored = !this.#polite && collides;
    if (this.#ignored || description.type !== event) return;
    await pc.setRemoteDescription(description); // takes back an offer of ours, if need be
    for (const candidate of this.#early.splice(0)) await pc.addIceCandidate(candidate).catch(() => {});
    if (event !== 'offer') return;
    if (this.#local) {
      this.#add(this.#local);
      this.#local = undefined;
    }
    await pc.setLocalDescription();
    this.#on.send('answer', pc.localDescription?.toJSON());
  }

  // picture replaces what is sent of the camera; null: nothing.
  async picture(track: MediaStreamTrack | null): Promise<void> {
    if (this.#local) return; // the first offer is still to come, and takes what is there then
    const found = this.#pc.getTransceivers().find((x) => x.receiver.track.kind === 'video' && x.direction !== 'stopped');
    if (!found) {
      if (track) this.#pc.addTransceiver(track, { direction: 'sendrecv' });
      return;
    }
    await found.sender.replaceTrack(track);
    // The direction is what the other side learns it by.
    found.direction = track ? 'sendrecv' : 'recvonly';
  }

  // restart looks for another way between the two.
  restart(): void {
    this.#pc.restartIce();
  }

  get up(): boolean {
    return this.#pc.connectionState === 'connected';
  }

  close(): void {
    const pc = this.#pc;
    pc.onnegotiationneeded = pc.onicecandidate = pc.ontrack = pc.onconnectionstatechange = null;
    pc.close();
    for (const track of this.#remote.getTracks()) {
      track.onmute = track.onunmute = track.onended = null;
      track.stop();
    }
  }
}

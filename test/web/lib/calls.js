import { until } from './until.js';

// For tests of calls. "ice_servers" must not be empty; that nobody answers there
// does no harm between browsers of one machine.
export const webrtc = { enabled: true, ice_servers: [{ urls: ['stun:127.0.0.1:9'] }] };

// spy notes everything that a call opens, before the page has run.
export function spy(b) {
  return b.context.addInitScript(() => {
    const s = (globalThis.spy = { tracks: [], peers: [], sounds: [], offers: 0 });
    const media = navigator.mediaDevices;
    const get = media?.getUserMedia.bind(media);
    if (get)
      media.getUserMedia = async (wanted) => {
        if (s.refuse) throw new DOMException('no', s.refuse);
        if (s.refuseVideo && wanted.video) throw new DOMException('no', s.refuseVideo);
        // Small pictures: several browsers code them on one machine, and without its graphics.
        const stream = await get(wanted.video ? { ...wanted, video: { ...wanted.video, width: 320, height: 240, frameRate: 10 } } : wanted);
        s.tracks.push(...stream.getTracks());
        return stream;
      };
    const Peer = globalThis.RTCPeerConnection;
    globalThis.RTCPeerConnection = class extends Peer {
      constructor(...args) {
        super(...args);
        s.peers.push(this);
      }
    };
    const Sound = globalThis.AudioContext;
    globalThis.AudioContext = class extends Sound {
      constructor(...args) {
        super(...args);
        s.sounds.push(this);
      }
    };
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (text) {
      if (/"event":"offer"/.test(text)) s.offers++;
      return send.call(this, text);
    };
  });
}

// decoded is how many pictures of the other one were decoded so far.
const decoded = (page) =>
  page.evaluate(async () => {
    let n = 0;
    for (const p of globalThis.spy.peers) {
      if (p.connectionState === 'closed') continue;
      for (const s of (await p.getStats()).values()) if (s.type === 'inbound-rtp' && s.kind === 'video') n += s.framesDecoded ?? 0;
    }
    return n;
  });

// seesPicture waits until pictures flow and the video shows them.
export async function seesPicture(page, what, limit = 30_000) {
  const video = page.locator('video.call-remote');
  await until(`${what}: a video that is seen`, async () => (await video.getAttribute('data-hidden')) === null, limit);
  const [n, at] = [await decoded(page), await video.evaluate((v) => v.currentTime)];
  await until(`${what}: pictures flow`, async () => (await decoded(page)) > n + 3 && (await video.evaluate((v) => v.currentTime)) > at, limit);
  await until(`${what}: the picture has a size`, () => video.evaluate((v) => v.videoWidth > 0 && v.videoHeight > 0), limit);
}

// hears waits until sound of the other one is louder than nothing.
export async function hears(page, what, limit = 30_000) {
  await until(`${what}: sound comes`, () =>
    page.evaluate(async () => {
      for (const p of globalThis.spy.peers) {
        if (p.connectionState === 'closed') continue;
        for (const s of (await p.getStats()).values()) if (s.type === 'inbound-rtp' && s.kind === 'audio' && s.totalAudioEnergy > 0 && s.packetsReceived > 10) return true;
      }
      return false;
    }), limit);
}

// nothingRuns: no camera, microphone, connection or sound is left.
export async function nothingRuns(page, what) {
  await until(`${what}: everything is let go`, () =>
    page.evaluate(() => {
      const { tracks, peers, sounds } = globalThis.spy;
      return tracks.every((t) => t.readyState === 'ended') && peers.every((p) => p.connectionState === 'closed') && sounds.every((s) => s.state === 'closed');
    }));
}

export const call = (page) => page.locator('dialog.call');
export const button = (page, name) => call(page).getByRole('button', { name, exact: true });
export const active = (page) => call(page).getByRole('timer').waitFor({ timeout: 40_000 });
export const over = (page) => call(page).waitFor({ state: 'detached', timeout: 20_000 });

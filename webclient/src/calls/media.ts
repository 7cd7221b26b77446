import { t, type Key } from '../i18n';

// Microphone and camera.

// MediaProblem says why there is no sound, in words for people.
export class MediaProblem extends Error {
  constructor(key: Key) {
    super(t(key as 'calls.micAbsent'));
  }
}

const sound: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const picture = (more: MediaTrackConstraints): MediaTrackConstraints => ({ width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 }, ...more });

// open gives sound, and a picture if that is wanted and can be had. It fails
// with a MediaProblem.
export async function open(video: boolean): Promise<MediaStream> {
  if (typeof RTCPeerConnection === 'undefined') throw new MediaProblem(isSecureContext ? 'calls.unsupported' : 'calls.insecure');
  if (!navigator.mediaDevices?.getUserMedia) throw new MediaProblem(isSecureContext ? 'calls.unsupported' : 'calls.insecure');
  if (video) {
    try {
      return await navigator.mediaDevices.getUserMedia({ audio: sound, video: picture({ facingMode: 'user' }) });
    } catch {
      // perhaps the camera alone is the reason
    }
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: sound });
  } catch (e) {
    throw new MediaProblem(reasonOf(e));
  }
}

export function reasonOf(e: unknown): Key {
  switch (e instanceof Error ? e.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'calls.micRefused';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'calls.micAbsent';
    default:
      return 'calls.micBusy';
  }
}

// camera opens one: the given, or any that shows the user.
export async function camera(id?: string): Promise<MediaStreamTrack> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: picture(id ? { deviceId: { exact: id } } : { facingMode: 'user' }) });
  return stream.getVideoTracks()[0] as MediaStreamTrack;
}

export async function cameras(): Promise<string[]> {
  const all = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
  return all.filter((d) => d.kind === 'videoinput' && d.deviceId).map((d) => d.deviceId);
}

export const stop = (stream: MediaStream | null): void => stream?.getTracks().forEach((track) => track.stop());

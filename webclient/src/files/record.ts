// Recording of voice messages.

import { encodeWave } from './wave';
import type { Prepared } from './prepare';

const types = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];
const maxMillis = 15 * 60_000;
const stepMillis = 80;

export const canRecord = (): boolean => typeof MediaRecorder !== 'undefined' && !!navigator.mediaDevices?.getUserMedia;

/** A recording under way. */
export interface Recording {
  /** Ends it; nothing if it was shorter than half a second. */
  finish(): Promise<Prepared | undefined>;
  cancel(): void;
}

/**
 * record starts; onLevel gets the loudness (0…1) and the time so far. It fails if there is no
 * microphone or it may not be used.
 */
export async function record(onLevel: (level: number, millis: number) => void, onFull: () => void): Promise<Recording> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } });
  const type = types.find((t) => MediaRecorder.isTypeSupported(t));
  const recorder = new MediaRecorder(stream, { ...(type ? { mimeType: type } : {}), audioBitsPerSecond: 32_000 });
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  const wave = new Float32Array(analyser.fftSize);
  const levels: number[] = [];
  const chunks: Blob[] = [];
  recorder.ondataavailable = (e) => e.data.size && chunks.push(e.data);
  const start = performance.now();
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(wave);
    let sum = 0;
    for (const v of wave) sum += v * v;
    const level = Math.min(1, Math.sqrt(sum / wave.length) * 4);
    levels.push(level);
    const millis = performance.now() - start;
    onLevel(level, millis);
    if (millis > maxMillis) onFull();
  }, stepMillis);
  recorder.start(1000);
  const stop = () => {
    clearInterval(timer);
    stream.getTracks().forEach((t) => t.stop());
    void context.close();
  };
  return {
    async finish() {
      const duration = Math.round(performance.now() - start);
      await new Promise<void>((resolve) => {
        recorder.onstop = () => resolve();
        recorder.stop();
      });
      stop();
      if (duration < 500) return undefined;
      const mime = recorder.mimeType || type || 'audio/webm';
      const file = new Blob(chunks, { type: mime.split(';')[0]! });
      const extension = mime.includes('mp4') ? 'm4a' : mime.includes('ogg') ? 'ogg' : 'webm';
      return { kind: 'audio', file, name: `voice.${extension}`, mime: file.type, duration, preview: encodeWave(levels) };
    },
    cancel() {
      if (recorder.state !== 'inactive') recorder.stop();
      stop();
    },
  };
}

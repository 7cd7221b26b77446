// What is done to a file before it is sent: pictures get smaller and lose their place of
// origin, videos get a picture, all get what a bubble needs to be drawn before they are
// there.

import { plainName } from '../drafty/text';
import { blobToBase64 } from './base64';

export type Kind = 'image' | 'video' | 'audio' | 'file';

/** A file as it is going to be sent. */
export interface Prepared {
  kind: Kind;
  file: Blob;
  name: string;
  mime: string;
  width?: number;
  height?: number;
  duration?: number; // ms
  preview?: string; // base64: tiny JPEG of a picture or video, bars of a sound
  still?: boolean; // a picture that does not move
  ref?: string; // where it is on the server, if it is there already
}

const maxSide = 1920; // px of a picture that is sent
const previewSide = 36; // px: shown blurred until the picture is there
const posterSide = 320;
const keepBelow = 300_000; // bytes: a picture so small is sent as it is, if its format is common
const plainTypes = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif']);

export const kindOf = (type: string): Kind => {
  const family = type.split('/')[0];
  if (type === 'image/svg+xml') return 'file'; // may have a script
  return family === 'image' || family === 'video' || family === 'audio' ? family : 'file';
};

/** prepare never fails: what the browser cannot read is sent as a file. */
export async function prepare(file: File): Promise<Prepared> {
  const p = await read(file);
  return { ...p, name: plainName(p.name) }; // as it is going to be shown
}

async function read(file: File): Promise<Prepared> {
  const plain: Prepared = { kind: 'file', file, name: file.name, mime: file.type || 'application/octet-stream' };
  try {
    switch (kindOf(file.type)) {
      case 'image':
        return await preparePicture(file);
      case 'video':
        return await prepareVideo(file);
      case 'audio':
        return { ...plain, kind: 'audio', duration: await durationOf(file) };
      default:
        return plain;
    }
  } catch {
    return plain;
  }
}

async function preparePicture(file: File): Promise<Prepared> {
  const bitmap = await createImageBitmap(file); // turned upright, as EXIF says
  try {
    const { width, height } = bitmap;
    const preview = await blobToBase64(await draw(bitmap, width, height, previewSide, 0.5));
    const moving = file.type === 'image/gif' || file.type === 'image/webp'; // drawing would stop it
    const scale = Math.min(1, maxSide / Math.max(width, height));
    const exif = file.type === 'image/jpeg'; // may say where it was taken: always drawn anew
    if (plainTypes.has(file.type) && !exif && (moving || (scale === 1 && file.size <= keepBelow))) {
      return { kind: 'image', file, name: file.name, mime: file.type, width, height, preview, still: !moving };
    }
    const out = await draw(bitmap, width, height, maxSide, 0.85, file.type === 'image/png' ? 'image/webp' : 'image/jpeg');
    const mime = out.type || 'image/jpeg';
    const name = file.name.replace(/\.\w+$/, '') + '.' + (mime.split('/')[1] ?? 'jpg').replace('jpeg', 'jpg');
    return { kind: 'image', file: out, name, mime, width: Math.round(width * scale), height: Math.round(height * scale), preview, still: true };
  } finally {
    bitmap.close();
  }
}

async function draw(source: CanvasImageSource, width: number, height: number, side: number, quality: number, type = 'image/jpeg'): Promise<Blob> {
  const scale = Math.min(1, side / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d')!;
  if (type === 'image/jpeg') {
    context.fillStyle = '#fff'; // JPEG has no transparency
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  context.imageSmoothingQuality = 'high';
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => canvas.toBlob((b) => (b ? resolve(b) : reject(new Error('no picture'))), type, quality));
}

async function prepareVideo(file: File): Promise<Prepared> {
  const video = document.createElement('video');
  const url = URL.createObjectURL(file);
  video.muted = true;
  video.playsInline = true;
  video.preload = 'auto';
  try {
    video.src = url;
    await event(video, 'loadeddata');
    if (video.duration > 1) {
      video.currentTime = 0.5; // the first frame is often black
      await event(video, 'seeked');
    }
    const { videoWidth: width, videoHeight: height } = video;
    const poster = await draw(video, width, height, posterSide, 0.6);
    const duration = Number.isFinite(video.duration) ? Math.round(video.duration * 1000) : 0;
    return { kind: 'video', file, name: file.name, mime: file.type, width, height, duration, preview: await blobToBase64(poster) };
  } finally {
    URL.revokeObjectURL(url);
    video.removeAttribute('src');
  }
}

async function durationOf(file: Blob): Promise<number> {
  const audio = new Audio();
  const url = URL.createObjectURL(file);
  try {
    audio.preload = 'metadata';
    audio.src = url;
    await event(audio, 'loadedmetadata');
    return Number.isFinite(audio.duration) ? Math.round(audio.duration * 1000) : 0;
  } finally {
    URL.revokeObjectURL(url);
  }
}

function event(target: HTMLMediaElement, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${name}`)), 10_000);
    target.addEventListener(name, () => (clearTimeout(timer), resolve()), { once: true });
    target.addEventListener('error', () => (clearTimeout(timer), reject(new Error('cannot be read'))), { once: true });
  });
}

// Where the bytes of a file in a message are: on our server, or in the message itself.
// Nothing is ever fetched from anywhere else.

import { type Data, fileRef } from '../drafty';
import { sdk } from '../model/session';
import { fromBase64 } from './base64';

const pictures = /^image\/(png|jpe?g|gif|webp|avif)$/;
const made = new WeakMap<Data, string>(); // object URLs of files inside of messages

/** A picture to show at once; only of kinds that are pictures and nothing else. */
export function pictureURL(data: Data): string | undefined {
  return refURL(data.ref) ?? inlinePicture(data.mime, data.val);
}

/** The picture as a list shows it: the server's small copy, if it has one (docs/files.md). */
export function smallURL(data: Data): string | undefined {
  const url = refURL(data.ref);
  return url && data.thumb === true ? url + (url.includes('?') ? '&' : '?') + 'thumb=1' : pictureURL(data);
}

/** The tiny picture that stands for one which is on the server. */
export function previewURL(data: Data): string | undefined {
  if (data.ref && data.val) return inlinePicture('image/jpeg', data.val);
  return inlinePicture('image/jpeg', data.preview) ?? refURL(data.preref);
}

/** Sound or video to be played. */
export function mediaURL(data: Data, family: 'audio' | 'video'): string | undefined {
  const mime = typeof data.mime === 'string' && data.mime.startsWith(family + '/') ? data.mime : `${family}/mp4`;
  return refURL(data.ref) ?? objectURL(data, mime);
}

/** Where a file is downloaded from; what it contains is never shown by the browser. */
export function downloadURL(data: Data): string | undefined {
  const url = refURL(data.ref);
  if (url) return url + (url.includes('?') ? '&' : '?') + 'asatt=1';
  return objectURL(data, 'application/octet-stream');
}

function refURL(ref: unknown): string | undefined {
  const path = fileRef(ref);
  return path && sdk().authorizeURL(path);
}

function inlinePicture(mime: unknown, val: unknown): string | undefined {
  const type = typeof mime === 'string' && pictures.test(mime) ? mime : 'image/jpeg';
  return typeof val === 'string' && /^[A-Za-z0-9+/_-]+=*$/.test(val) ? `data:${type};base64,${val}` : undefined;
}

function objectURL(data: Data, mime: string): string | undefined {
  const old = made.get(data);
  if (old) return old;
  const bytes = fromBase64(data.val);
  if (!bytes) return undefined;
  const url = URL.createObjectURL(new Blob([bytes], { type: mime }));
  made.set(data, url);
  return url;
}

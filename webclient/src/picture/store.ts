import type { Photo } from 'tinode-sdk';
import { server } from '../model/server';
import { ask, sdk } from '../model/session';

const uploaded = 512; // px, of a picture that is a file on the server
const inCard = 128; // px, of one that is part of the card
const cardBytes = 6_000; // of that: a list of members has many of them
const maxFile = 40 << 20; // bytes of what is chosen

export class BadPicture extends Error {}

// load reads a file that somebody has chosen. It fails with BadPicture.
export async function load(file: Blob): Promise<ImageBitmap> {
  if (file.size > maxFile) throw new BadPicture();
  try {
    return await createImageBitmap(file);
  } catch {
    throw new BadPicture();
  }
}

// cutOut draws a square part of a picture; what is transparent gets white.
export function cutOut(image: ImageBitmap, from: { x: number; y: number; side: number }): HTMLCanvasElement {
  const size = Math.min(uploaded, Math.max(inCard, Math.round(from.side)));
  return drawn(image, from, size);
}

function drawn(image: CanvasImageSource, from: { x: number; y: number; side: number }, size: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size;
  const g = canvas.getContext('2d') as CanvasRenderingContext2D;
  g.fillStyle = '#fff';
  g.fillRect(0, 0, size, size);
  g.imageSmoothingQuality = 'high';
  g.drawImage(image, from.x, from.y, from.side, from.side, 0, 0, size, size);
  return canvas;
}

// store makes of a picture what a card has: the address of an uploaded file, or,
// where the server takes none, a small picture in itself. files are those to name
// in the request that uses it. owner is the group whose picture it is.
export async function store(picture: HTMLCanvasElement, owner?: string): Promise<{ photo: Photo; files: string[] }> {
  if ((server.peek()?.maxUpload ?? 0) > 0) {
    const blob = await encoded(picture, 0.85);
    const file = new File([blob], 'picture.jpg', { type: blob.type });
    const ref = await ask(() => sdk().getLargeFileHelper().upload(file, owner));
    return { photo: { ref, type: 'jpeg', width: picture.width, height: picture.height, size: blob.size }, files: [ref] };
  }
  const { photo } = await inBand(picture);
  return { photo, files: [] };
}

async function inBand(picture: HTMLCanvasElement): Promise<{ photo: Photo }> {
  const small = drawn(picture, { x: 0, y: 0, side: picture.width }, Math.min(inCard, picture.width));
  let blob = await encoded(small, 0.8);
  for (let quality = 0.7; blob.size > cardBytes && quality > 0.2; quality -= 0.1) blob = await encoded(small, quality);
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const data = btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(''));
  return { photo: { data, type: 'jpeg', width: small.width, height: small.height, size: blob.size } };
}

const encoded = (canvas: HTMLCanvasElement, quality: number): Promise<Blob> =>
  new Promise((resolve, reject) => canvas.toBlob((b) => (b ? resolve(b) : reject(new BadPicture())), 'image/jpeg', quality));

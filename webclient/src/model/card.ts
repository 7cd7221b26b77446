import type { Card, Photo } from 'tinode-sdk';
import { plainLines, plainName } from '../drafty/text';

// Helpers for cards (docs/protocol.md, "the card"): name and picture of a user
// or group. Everything in them comes from others: never trusted to have a shape.

export function nameOf(card: unknown): string {
  return plainName((card as Card | null | undefined)?.fn).trim().slice(0, 120);
}

export function noteOf(card: unknown): string {
  return plainLines((card as Card | null | undefined)?.note).trim();
}

// photoOf returns an address for <img>, or none. authorize makes the address of
// a file of this server one that may be fetched. Pictures elsewhere are not
// shown: no page of ours asks other hosts.
export function photoOf(card: unknown, authorize: (path: string) => string): string | undefined {
  const photo = (card as Card | null | undefined)?.photo as Photo | undefined;
  if (!photo || typeof photo !== 'object') return undefined;
  if (typeof photo.ref === 'string' && photo.ref !== '') {
    return /^\/(?!\/)/.test(photo.ref) ? authorize(photo.ref) : undefined;
  }
  if (typeof photo.data === 'string' && /^[A-Za-z0-9+/=_-]+$/.test(photo.data)) {
    const type = typeof photo.type === 'string' && /^(image\/)?(png|jpeg|jpg|gif|webp|avif)$/.test(photo.type) ? photo.type : 'jpeg';
    return `data:image/${type.replace('image/', '')};base64,${photo.data}`;
  }
  return undefined;
}

// initials are what stands for a picture: of the first and the last word.
export function initials(name: string): string {
  const words = name.split(/[\s_.-]+/).filter((w) => /[\p{L}\p{N}]/u.test(w));
  const first = [...(words[0] ?? '')].find((c) => /[\p{L}\p{N}]/u.test(c)) ?? '';
  const last = words.length > 1 ? ([...(words.at(-1) ?? '')].find((c) => /[\p{L}\p{N}]/u.test(c)) ?? '') : '';
  return (first + last).toLocaleUpperCase();
}

// hue is one of eight colours, always the same for an ID: FNV-1a, with what ends
// MurmurHash3, for the lowest bits alone depend on little of the ID.
export function hue(id: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) h = Math.imul(h ^ id.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) % 8;
}

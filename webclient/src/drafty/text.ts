// Drafty as plain text: to copy, and in one line for lists and notifications.

import { shorten } from './graphemes';
import { type Data, isMedia, type Node, toTree } from './tree';

/** What a picture, a voice message … is called where there is only text. */
export interface Labels {
  image: string;
  audio: string;
  video: string;
  file: string;
  call: string;
  card: string;
}

/** All of the text, with line breaks; entities without text are left out. For copying. */
export function plainText(content: unknown): string {
  return textOf(toTree(content)).trim();
}

function textOf(nodes: Node[]): string {
  return nodes
    .map((n) => {
      if (n.tp === 'BR') return '\n';
      if (n.tp === 'HD') return '';
      if (n.tp === 'EX' || n.tp === 'IM' || n.tp === 'VD') return nameOf(n.data);
      const inner = (n.text ?? '') + textOf(n.children ?? []);
      if (n.tp === 'LN' && typeof n.data?.url === 'string' && !n.data.url.includes(inner.replace(/^www\./, ''))) return `${inner} (${n.data.url})`;
      if (n.tp === 'QQ') return inner.split('\n').map((l) => '> ' + l).join('\n');
      return inner;
    })
    .join('');
}

/** One line about a message: at most `most` clusters. The quote of a reply does not count if more follows. */
export function previewText(content: unknown, labels: Labels, most = 80): string {
  const nodes = toTree(content);
  const own = nodes[0]?.tp === 'QQ' ? nodes.slice(1) : nodes;
  const text = lineOf(own, labels) || lineOf(nodes, labels);
  return shorten(text, most);
}

function lineOf(nodes: Node[], labels: Labels): string {
  return nodes
    .map((n): string => {
      if (n.tp === '') return n.text ?? '';
      if (n.tp === 'BR') return ' ';
      if (n.tp === 'HD') return '';
      if (isMedia(n.tp)) return ` ${mediaLabel(n.tp, n.data, labels)} `;
      if (n.tp === 'VC') return labels.call;
      return lineOf(n.children ?? [], labels) || (n.tp === 'TC' ? labels.card : '');
    })
    .join('')
    .replace(/\s+/g, ' ')
    .trim();
}

function mediaLabel(tp: string, data: Data | undefined, labels: Labels): string {
  if (tp === 'IM') return `🖼 ${labels.image}`;
  if (tp === 'AU') return `🎤 ${labels.audio}`;
  if (tp === 'VD') return `🎞 ${labels.video}`;
  return `📎 ${nameOf(data) || labels.file}`;
}

/** The name of a file as its sender called it, without control characters and tricks of direction. */
export function nameOf(data: Data | undefined): string {
  return plainName(data?.name).slice(0, 255);
}

/** A name of one line, without control characters and tricks of direction; '' for what is no text. */
export function plainName(name: unknown): string {
  return typeof name === 'string' ? name.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '') : '';
}

/** A text of some lines, cleaned in the same way. */
export const plainLines = (text: unknown): string => (typeof text === 'string' ? text.split(/\r?\n/).map(plainName).join('\n') : '');

import { Drafty, type Content, type DraftyDoc, type Head, type Message } from 'tinode-sdk';
import { t, type Key } from '../i18n';

// A line that stands for a message, in lists and notifications.

export type Kind = 'text' | 'image' | 'audio' | 'video' | 'file' | 'call';
const kinds: { [type: string]: Kind } = { IM: 'image', AU: 'audio', VD: 'video', EX: 'file', VC: 'call' };
const labels: { [K in Exclude<Kind, 'text'>]: Key } = {
  image: 'preview.image',
  audio: 'preview.audio',
  video: 'preview.video',
  file: 'preview.file',
  call: 'preview.call',
};
const maxChars = 200;

// kindOf is what a message is about: the first thing in it that is no text.
export function kindOf(content: Content | undefined): Kind {
  const entities = typeof content === 'object' && content !== null ? (content.ent ?? []) : [];
  for (const e of Array.isArray(entities) ? entities : []) {
    const kind = kinds[e?.tp ?? ''];
    if (kind) return kind;
  }
  return 'text';
}

// previewText is one line without formatting: the text if there is any, else the
// name of what it is.
export function previewText(message: Pick<Message, 'content' | 'head'>, mine = false): string {
  const { content } = message;
  const kind = kindOf(content);
  if (message.head?.webrtc) return callText(message.head, mine);
  const text = plain(content);
  if (kind === 'text') return text || (content ? t('message.unknown') : '');
  return (kind === 'call' ? '' : text) || t(labels[kind] as 'preview.file');
}

// callText tells how a call ended, or that it goes on.
function callText(head: Head, mine: boolean): string {
  const ms = Number(head['webrtc-duration']);
  switch (head.webrtc) {
    case 'missed':
      return t(mine ? 'call.noAnswer' : 'preview.callMissed');
    case 'declined':
      return t('preview.callDeclined');
    case 'disconnected':
      return t('preview.callBroken');
    case 'finished':
      return ms > 0 ? t('preview.callOf', { time: clockOf(ms) }) : t('preview.call');
    default:
      return t('preview.call');
  }
}

// clockOf is a duration in minutes and seconds: "2:05", "1:00:00".
export function clockOf(ms: number): string {
  const all = Math.floor(Math.max(0, ms) / 1_000);
  const [h, m, s] = [Math.floor(all / 3_600), Math.floor(all / 60) % 60, all % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

function plain(content: Content | undefined): string {
  if (typeof content === 'string') return oneLine(content);
  if (typeof content !== 'object' || content === null || !Drafty.isValid(content)) return '';
  return oneLine(textOf(content));
}

// textOf leaves out quotes (what is answered to) and the marks of attachments.
function textOf(doc: DraftyDoc): string {
  const chars = [...segments(doc.txt ?? '')];
  const hidden = new Set<number>();
  for (const f of doc.fmt ?? []) {
    const at = f.at ?? 0;
    const type = f.tp ?? doc.ent?.[f.key ?? 0]?.tp ?? '';
    if (at < 0) continue;
    if (type === 'QQ' || type in kinds) for (let i = at; i < at + (f.len ?? 0); i++) hidden.add(i);
    if (type === 'BR') chars[at] = ' ';
  }
  return chars.filter((_, i) => !hidden.has(i)).join('');
}

// Positions in formatted text count graphemes (wire.md §14.1).
const segmenter = new Intl.Segmenter();
export function* segments(text: string): Generator<string> {
  for (const s of segmenter.segment(text.slice(0, 4000))) yield s.segment;
}

const oneLine = (text: string) => text.slice(0, 1000).replace(/\s+/g, ' ').trim().slice(0, maxChars);

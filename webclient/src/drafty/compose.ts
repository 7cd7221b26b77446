// Messages that are about other messages: replies quote, forwards name the author,
// edits keep what cannot be typed. Other clients know these shapes.

import { type Mentions, parseNodes } from './markdown';
import { shorten } from './graphemes';
import { type Labels, previewText } from './text';
import { type Content, fromTree, isMedia, type Node, toTree } from './tree';

const forwardMark = '➦ ';
const maxQuote = 60;

/** What a reply begins with: the author and one line of the original. */
export function quote(author: string, user: string, original: unknown, labels: Labels): Node {
  const name = shorten(author, 40);
  const children: Node[] = [user ? { tp: 'MN', data: { val: user }, children: [{ tp: '', text: name }] } : { tp: '', text: name }];
  const line = previewText(original, labels, maxQuote);
  if (line) children.push({ tp: 'BR' }, { tp: '', text: line });
  return { tp: 'QQ', children };
}

/** Content of a message: a quote, pictures and files, and what was typed. */
export function assemble(parts: { quote?: Node | undefined; media?: Node[] | undefined; text: string; mentions?: Mentions | undefined }): Content {
  const inline = (parts.media ?? []).filter((n) => !n.attached);
  const attached = (parts.media ?? []).filter((n) => n.attached);
  const typed = parts.text.trim() ? parseNodes(parts.text.replace(/^\s*\n|\s+$/g, ''), parts.mentions) : [];
  const nodes: Node[] = [];
  for (const group of [parts.quote ? [parts.quote] : [], inline, typed]) {
    if (!group.length) continue;
    if (nodes.length && nodes.at(-1)!.tp !== 'QQ') nodes.push({ tp: 'BR' });
    nodes.push(...group);
  }
  return fromTree([...nodes, ...attached]);
}

/** A message cut into its quote (of a reply), its author (if forwarded), its media and the rest. */
export interface Parts {
  quote?: Node;
  author?: Node;
  media: Node[];
  rest: Node[];
}

export function partsOf(content: unknown, head: { reply?: unknown; forwarded?: unknown } | undefined): Parts {
  let nodes = toTree(content);
  const parts: Parts = { media: [], rest: [] };
  if (head?.forwarded && nodes[0]?.tp === 'MN' && firstText(nodes[0]).startsWith('➦')) {
    parts.author = nodes[0];
    nodes = dropBreaks(nodes.slice(1));
  }
  if (head?.reply && nodes[0]?.tp === 'QQ') {
    parts.quote = nodes[0];
    nodes = dropBreaks(nodes.slice(1));
  }
  for (const node of nodes) (isMedia(node.tp) ? parts.media : parts.rest).push(node);
  if (parts.media.length) parts.rest = dropBreaks(parts.rest);
  return parts;
}

const firstText = (n: Node): string => n.text ?? (n.children?.[0] ? firstText(n.children[0]) : '');

function dropBreaks(nodes: Node[]): Node[] {
  let i = 0;
  while (nodes[i]?.tp === 'BR') i++;
  return nodes.slice(i);
}

/** A message passed on: without the quote of a reply, with the name of its first author. */
export function forwarded(content: unknown, head: { reply?: unknown; forwarded?: unknown } | undefined, author: string, user: string): Content {
  const parts = partsOf(content, head);
  const first = parts.author ?? { tp: 'MN', data: { val: user }, children: [{ tp: '', text: forwardMark + shorten(author, 40) }] };
  const inline = parts.media.filter((n) => !n.attached);
  const body: Node[] = [...inline, ...(inline.length && parts.rest.length ? [{ tp: 'BR' }] : []), ...parts.rest];
  return fromTree([first, { tp: 'BR' }, ...body, ...parts.media.filter((n) => n.attached)]);
}

/** The name in a forwarded message, as its client wrote it. */
export function authorOf(node: Node | undefined): string {
  const text = (n: Node): string => (n.text ?? '') + (n.children ?? []).map(text).join('');
  return node ? shorten(text(node).replace(/^➦\s*/, ''), 60) : '';
}

/** head.hashtags and head.mentions of a content. */
export function tagsOf(content: Content): { hashtags?: string[]; mentions?: string[] } {
  const hashtags = new Set<string>();
  const mentions = new Set<string>();
  const walk = (n: Node) => {
    if (n.tp === 'QQ') return;
    if (n.tp === 'HT' && typeof n.data?.val === 'string') hashtags.add(n.data.val);
    if (n.tp === 'MN' && typeof n.data?.val === 'string') mentions.add(n.data.val);
    n.children?.forEach(walk);
  };
  toTree(content).forEach(walk);
  return { ...(hashtags.size ? { hashtags: [...hashtags] } : {}), ...(mentions.size ? { mentions: [...mentions] } : {}) };
}

/** Paths of uploaded files in a content, for extra.attachments (wire.md §10.3). */
export function attachmentsOf(content: Content): string[] {
  if (typeof content === 'string') return [];
  const refs = (content.ent ?? []).flatMap((e) => [e.data?.ref, e.data?.preref]);
  return refs.filter((r): r is string => typeof r === 'string' && r.startsWith('/'));
}

// Drafty as a tree and back (wire.md §14.1). What comes in is a stranger's: any
// JSON is survived, and what makes no sense in it is left out.

import { Graphemes } from './graphemes';

/** A format span: a decoration (tp) or a reference to an entity (key). */
export interface Span {
  at?: number;
  len?: number;
  tp?: string;
  key?: number;
}
export interface Entity {
  tp: string;
  data?: Data;
}
export type Data = Record<string, unknown>;
/** Text with formats; offsets count grapheme clusters. */
export interface Drafty {
  txt?: string;
  fmt?: Span[];
  ent?: Entity[];
}
/** What a message has in `content`, made by us: plain text or Drafty. */
export type Content = string | Drafty;

/**
 * A piece of a message: text (tp ''), a decoration (ST, EM, …) or an entity (LN, IM, …).
 * `attached` are entities outside of the text.
 */
export interface Node {
  tp: string;
  text?: string;
  data?: Data;
  children?: Node[];
  attached?: boolean;
}

export const mime = 'text/x-drafty';

const maxSpans = 4096;
const maxDepth = 32;
// Entities that stand for themselves: the text below them is a placeholder.
const standalone = new Set(['BR', 'IM', 'AU', 'VD', 'EX', 'VC', 'TC']);
export const isMedia = (tp: string) => tp === 'IM' || tp === 'AU' || tp === 'VD' || tp === 'EX';

// Of these nothing is to be read; a card that is not known may say in its text what it is.
const textless = new Set(['BR', 'IM', 'AU', 'VD', 'EX', 'VC']);

/** Whether anything of the pieces can be seen. */
export const isSeen = (nodes: Node[]): boolean => nodes.some((n) => isMedia(n.tp) || (n.tp !== 'HD' && (!!n.text?.trim() || isSeen(n.children ?? []))));

interface Range {
  at: number;
  end: number;
  node: Node;
  order: number;
}

const isObject = (v: unknown): v is Data => typeof v === 'object' && v !== null && !Array.isArray(v);
const count = (v: unknown) => (typeof v === 'number' && Number.isFinite(v) ? Math.trunc(v) : v === undefined || v === null ? 0 : NaN);

/** The pieces of any content. Never throws. */
export function toTree(content: unknown): Node[] {
  if (typeof content === 'string') return content ? breakLines(content) : [];
  if (!isObject(content)) return typeof content === 'number' || typeof content === 'boolean' ? [{ tp: '', text: String(content) }] : [];
  const text = new Graphemes(typeof content.txt === 'string' ? content.txt : '');
  const { inline, attached } = readSpans(content, text.length);
  return [...nest(inline, text), ...attached];
}

// readSpans takes the spans that make sense, clipped to the text, and those of attachments.
function readSpans(content: Data, length: number): { inline: Range[]; attached: Node[] } {
  const inline: Range[] = [];
  const attached: Node[] = [];
  const entities = Array.isArray(content.ent) ? content.ent : [];
  let spans: unknown[] = Array.isArray(content.fmt) ? content.fmt.slice(0, maxSpans) : [];
  if (!spans.length && entities.length === 1) spans = [{ at: 0, len: 0, key: 0 }]; // one entity, nothing said: old clients
  spans.forEach((span, order) => {
    if (!isObject(span)) return;
    const at = count(span.at);
    const len = count(span.len);
    if (!(at >= -1) || !(len >= 0)) return;
    const node = nodeOf(span, entities);
    if (!node) return;
    if (at === -1) {
      if (standalone.has(node.tp) && node.tp !== 'BR') attached.push({ ...node, attached: true });
      return;
    }
    if (at > length || (at === length && !standalone.has(node.tp))) return;
    const end = Math.min(at + len, length);
    if (end === at && !standalone.has(node.tp)) return;
    inline.push({ at, end, node, order });
  });
  return { inline, attached };
}

function nodeOf(span: Data, entities: unknown[]): Node | undefined {
  if (typeof span.tp === 'string' && span.tp) return { tp: span.tp };
  const entity = entities[count(span.key)];
  if (!isObject(entity) || typeof entity.tp !== 'string' || !entity.tp) return undefined;
  return { tp: entity.tp, data: isObject(entity.data) ? entity.data : {} };
}

// nest makes a tree of ranges. Of two that overlap without nesting the later one is dropped.
function nest(ranges: Range[], text: Graphemes): Node[] {
  ranges.sort((a, b) => a.at - b.at || b.end - a.end || Number(b.node.tp === 'QQ') - Number(a.node.tp === 'QQ') || a.order - b.order);
  const root: Node[] = [];
  const open: { range: Range; done: number }[] = [];
  let done = 0; // clusters of the root level that are out
  const into = () => open.at(-1);
  const list = () => (open.length ? (open.at(-1)!.range.node.children ??= []) : root);
  const write = (to: number) => {
    const top = into();
    const from = top ? top.done : done;
    if (to > from) {
      if (!top || !textless.has(top.range.node.tp)) list().push(...breakLines(text.slice(from, to)));
      if (top) top.done = to;
      else done = to;
    }
  };
  const close = () => {
    const top = open.at(-1)!;
    write(top.range.end);
    open.pop();
    if (open.length) open.at(-1)!.done = top.range.end;
    else done = top.range.end;
  };
  for (const range of ranges) {
    while (open.length && range.at >= into()!.range.end) close();
    const top = into();
    if (range.at < (top ? top.done : done)) continue;
    if (top && (range.end > top.range.end || textless.has(top.range.node.tp))) continue;
    if (open.length >= maxDepth) continue;
    write(range.at);
    list().push(range.node);
    open.push({ range, done: range.at });
  }
  while (open.length) close();
  write(text.length);
  return root;
}

// breakLines: a line feed inside of the text is a line break too.
function breakLines(text: string): Node[] {
  if (!text.includes('\n')) return [{ tp: '', text }];
  const out: Node[] = [];
  text.split(/\r?\n/).forEach((line, i) => {
    if (i) out.push({ tp: 'BR' });
    if (line) out.push({ tp: '', text: line });
  });
  return out;
}

/** Drafty of pieces; plain text if there is no format in them. */
export function fromTree(nodes: Node[]): Content {
  let txt = '';
  const spans: { from: number; to: number; span: Span }[] = [];
  const attachments: Span[] = [];
  const ent: Entity[] = [];
  const reference = (node: Node): Span => {
    if (node.data === undefined) return { tp: node.tp };
    ent.push({ tp: node.tp, data: node.data });
    return { key: ent.length - 1 };
  };
  const walk = (node: Node) => {
    if (node.attached) {
      attachments.push({ at: -1, len: 0, ...reference(node) });
      return;
    }
    if (node.tp === '') {
      txt += node.text ?? '';
      node.children?.forEach(walk);
      return;
    }
    const from = txt.length;
    const at = spans.push({ from, to: from, span: reference(node) }) - 1;
    if (standalone.has(node.tp) && !node.children?.length) txt += ' ';
    else if (node.text !== undefined) txt += node.text;
    node.children?.forEach(walk);
    spans[at]!.to = txt.length;
  };
  nodes.forEach(walk);
  if (!spans.length && !attachments.length) return txt;
  const clusters = new Graphemes(txt);
  const fmt = spans.map(({ from, to, span }) => {
    const at = clusters.cluster(from);
    return { at, len: clusters.cluster(to) - at, ...span };
  });
  const out: Drafty = { txt, fmt: [...fmt, ...attachments] };
  if (ent.length) out.ent = ent;
  return out;
}

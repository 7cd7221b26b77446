// What people type, and Drafty. The marks are those of messengers and of other
// clients of this protocol: *bold* (or **bold**), _italic_, ~strike~, `code`,
// ``` blocks, > quotes, [text](https://…), #tags and @mentions of people we know.

import { type Content, fromTree, isMedia, type Node, toTree } from './tree';
import { safeUrl } from './url';

/** Names that can be mentioned, as typed behind the @, and whose ID each is. */
export type Mentions = ReadonlyMap<string, string>;

const none: Mentions = new Map();
const marks: Record<string, string> = { '*': 'ST', _: 'EM', '~': 'DL' };
const word = /[\p{L}\p{N}_]/u;
const link = /(?:https?:\/\/|www\.)[^\s<>"'`]+/iuy;
const mail = /[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+/uy;
const hashtag = /#([\p{L}\p{N}_][\p{L}\p{N}_.]*[\p{L}\p{N}_])/uy;
const titled = /\[([^[\]\n]{1,500})\]\(([^()\s]{1,2000})\)/uy;
const special = /[\\`*_~[\]@#>]/;

/** Content of what was typed: plain text if nothing in it is formatted. */
export function parse(text: string, mentions: Mentions = none): Content {
  return fromTree(parseNodes(text, mentions));
}

/** The same as pieces, to be put together with others. */
export function parseNodes(text: string, mentions: Mentions = none): Node[] {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const out: Node[] = [];
  const block = (nodes: Node[]) => {
    if (out.length) out.push({ tp: 'BR' });
    out.push(...nodes);
  };
  for (let i = 0; i < lines.length; ) {
    const fence = fenceEnd(lines, i);
    if (fence > 0) {
      block([{ tp: 'CO', children: joinLines(lines.slice(i + 1, fence).map((l) => (l ? [{ tp: '', text: l }] : []))) }]);
      i = fence + 1;
      continue;
    }
    let end = i;
    while (end < lines.length && /^>( |$)/.test(lines[end]!)) end++;
    if (end > i) {
      block([{ tp: 'QQ', children: joinLines(lines.slice(i, end).map((l) => inline(l.slice(2), mentions))) }]);
      i = end;
      continue;
    }
    block(inline(lines[i]!, mentions));
    i++;
  }
  return out;
}

// fenceEnd: the line that closes the code block which begins at line i; 0: none does.
function fenceEnd(lines: string[], i: number): number {
  if (!/^```[\w+-]*$/.test(lines[i]!)) return 0;
  for (let end = i + 1; end < lines.length; end++) if (lines[end] === '```') return end > i + 1 ? end : 0;
  return 0;
}

function joinLines(lines: Node[][]): Node[] {
  return lines.flatMap((line, i) => (i ? [{ tp: 'BR' }, ...line] : line));
}

// inline reads one line.
function inline(line: string, mentions: Mentions, depth = 0): Node[] {
  const out: Node[] = [];
  const hopeless = new Set<string>(); // marks that nothing closes any more
  let plain = '';
  const flush = () => {
    if (plain) out.push({ tp: '', text: plain });
    plain = '';
  };
  for (let i = 0; i < line.length; ) {
    const c = line[i]!;
    if (c === '\\' && i + 1 < line.length && special.test(line[i + 1]!)) {
      plain += line[i + 1];
      i += 2;
      continue;
    }
    const found =
      code(line, i) ?? emphasis(line, i, mentions, hopeless, depth) ?? titledLink(line, i, depth) ?? mention(line, i, mentions) ?? tag(line, i) ?? bareLink(line, i);
    if (found) {
      flush();
      out.push(found.node);
      i = found.end;
    } else {
      plain += c;
      i++;
    }
  }
  flush();
  return out;
}

type Found = { node: Node; end: number } | undefined;
const isWord = (c: string | undefined) => c !== undefined && word.test(c);

function code(line: string, i: number): Found {
  if (line[i] !== '`' || isWord(line[i - 1])) return undefined;
  const end = line.indexOf('`', i + 1);
  if (end <= i + 1) return undefined;
  return { node: { tp: 'CO', children: [{ tp: '', text: line.slice(i + 1, end) }] }, end: end + 1 };
}

function emphasis(line: string, i: number, mentions: Mentions, hopeless: Set<string>, depth: number): Found {
  const tp = marks[line[i]!];
  if (!tp || depth > 8 || isWord(line[i - 1])) return undefined;
  const mark = line[i + 1] === line[i] ? line[i]! + line[i]! : line[i]!;
  const from = i + mark.length;
  if (hopeless.has(mark) || from >= line.length || /\s/.test(line[from]!) || line[from] === line[i]) return undefined;
  for (let end = from + 1; end < line.length; end++) {
    const passed = line[end] === '\\' ? end + 2 : line[end] === '`' ? (code(line, end)?.end ?? 0) : 0;
    if (passed) {
      end = passed - 1;
      continue;
    }
    if (!line.startsWith(mark, end) || /\s/.test(line[end - 1]!) || isWord(line[end + mark.length])) continue;
    if (line[end + mark.length] === line[i]) continue; // the last of several marks closes
    return { node: { tp, children: inline(line.slice(from, end), mentions, depth + 1) }, end: end + mark.length };
  }
  hopeless.add(mark);
  return undefined;
}

function titledLink(line: string, i: number, depth: number): Found {
  if (line[i] !== '[' || depth > 8) return undefined;
  titled.lastIndex = i;
  const m = titled.exec(line);
  const url = m && safeUrl(m[2]!);
  if (!url) return undefined;
  return { node: { tp: 'LN', data: { url }, children: [{ tp: '', text: m[1]! }] }, end: titled.lastIndex };
}

function mention(line: string, i: number, mentions: Mentions): Found {
  if (line[i] !== '@' || isWord(line[i - 1])) return undefined;
  let best = '';
  for (const name of mentions.keys()) {
    if (name.length > best.length && line.startsWith(name, i + 1) && !isWord(line[i + 1 + name.length])) best = name;
  }
  if (!best) return undefined;
  return { node: { tp: 'MN', data: { val: mentions.get(best)! }, children: [{ tp: '', text: '@' + best }] }, end: i + 1 + best.length };
}

function tag(line: string, i: number): Found {
  if (line[i] !== '#' || isWord(line[i - 1]) || line[i - 1] === '/' || line[i - 1] === '&') return undefined;
  hashtag.lastIndex = i;
  const m = hashtag.exec(line);
  return m ? { node: { tp: 'HT', data: { val: m[1]! }, children: [{ tp: '', text: m[0] }] }, end: i + m[0].length } : undefined;
}

function bareLink(line: string, i: number): Found {
  if (isWord(line[i - 1]) || !isWord(line[i])) return undefined;
  link.lastIndex = i;
  let text = link.exec(line)?.[0];
  let url: string | undefined;
  if (text) {
    text = trimLink(text);
    url = safeUrl(/^www\./i.test(text) ? 'https://' + text : text);
  } else {
    mail.lastIndex = i;
    text = mail.exec(line)?.[0];
    url = text && safeUrl('mailto:' + text);
  }
  if (!text || !url) return undefined;
  return { node: { tp: 'LN', data: { url }, children: [{ tp: '', text }] }, end: i + text.length };
}

// trimLink leaves out what belongs to the sentence, not to the address.
function trimLink(text: string): string {
  for (;;) {
    const last = text.at(-1)!;
    const closes = last === ')' && text.split('(').length < text.split(')').length;
    if (!closes && !/[.,;:!?*_~\]}]/.test(last)) return text;
    text = text.slice(0, -1);
  }
}

/** Content as somebody would type it, and the people mentioned in it. Pictures and files are left out. */
export function toMarkdown(content: unknown): { text: string; mentions: Map<string, string> } {
  const mentions = new Map<string, string>();
  const text = write(toTree(content).filter((n) => !isMedia(n.tp)), mentions, true);
  return { text: text.replace(/^\n+/, ''), mentions };
}

function write(nodes: Node[], mentions: Map<string, string>, escape: boolean): string {
  return nodes
    .map((node) => {
      if (node.tp === '') return escape ? escapeText(node.text ?? '') : (node.text ?? '');
      if (node.tp === 'BR') return '\n';
      const kids = node.children ?? [];
      const plain = () => write(kids, mentions, false);
      const rich = () => write(kids, mentions, escape);
      switch (node.tp) {
        case 'ST':
          return `*${rich()}*`;
        case 'EM':
          return `_${rich()}_`;
        case 'DL':
          return `~${rich()}~`;
        case 'CO':
          return plain().includes('\n') ? '```\n' + plain() + '\n```' : '`' + plain() + '`';
        case 'QQ':
          return rich()
            .split('\n')
            .map((l) => '> ' + l)
            .join('\n');
        case 'LN':
          return writeLink(plain(), node.data?.url);
        case 'MN':
          if (plain().startsWith('@') && typeof node.data?.val === 'string') mentions.set(plain().slice(1), node.data.val);
          return plain();
        case 'HT':
          return plain();
        default:
          return rich();
      }
    })
    .join('');
}

function writeLink(text: string, url: unknown): string {
  if (typeof url !== 'string') return text;
  const bare = inline(text, none);
  if (bare.length === 1 && bare[0]!.tp === 'LN' && bare[0]!.data?.url === url) return text;
  return `[${text}](${url})`;
}

// escapeText marks what would be read as a format, and nothing else.
function escapeText(text: string): string {
  const read = inline(text, none);
  if (read.length <= 1 && (read[0]?.tp ?? '') === '' && (read[0]?.text ?? '') === text) return text.replace(/^(>|```)/, '\\$1');
  return text.replace(/[\\`*_~[\]#]/g, '\\$&');
}

// Drafty on the page: elements made by Preact, never HTML from a text.

import { type ComponentChildren, h, type VNode } from 'preact';
import type { Node } from './tree';
import { otherPlace, safeUrl } from './url';

/** What the place where a message is shown adds to it. */
export interface Hooks {
  /** Pictures, sound, video and files; nothing is shown without it. */
  media?: (node: Node, key: number) => VNode | null;
  onMention?: (user: string) => void;
  me?: string; // mentions of whom stand out
  onHashtag?: (tag: string) => void;
  /** A button of a chat bot was pressed. */
  onButton?: (data: Record<string, unknown>, title: string) => void;
}

const decorations = new Map([
  ['ST', 'strong'],
  ['EM', 'em'],
  ['DL', 's'],
  ['HL', 'mark'],
]);

/** The pieces of a message as elements. */
export function renderNodes(nodes: Node[], hooks: Hooks = {}): ComponentChildren[] {
  // A block stands on lines of its own: the break beside it would make an empty one.
  const shown = nodes.filter((node, i) => node.tp !== 'BR' || !(isBlock(nodes[i + 1]) || isBlock(nodes[i - 1])));
  return shown.map((node, i) => renderNode(node, i, hooks));
}
const isBlock = (node: Node | undefined): boolean => node?.tp === 'QQ' || node?.tp === 'FM' || (node?.tp === 'CO' && hasBreak(node));

function renderNode(node: Node, key: number, hooks: Hooks): ComponentChildren {
  if (node.tp === '') return node.text ?? '';
  if (node.tp === 'BR') return <br key={key} />;
  if (node.tp === 'HD') return null;
  const inner = [node.text, ...renderNodes(node.children ?? [], hooks)];
  const Decoration = decorations.get(node.tp);
  if (Decoration) return h(Decoration, { key }, inner);
  switch (node.tp) {
    case 'CO':
      return hasBreak(node) ? (
        <pre key={key}>
          <code>{codeText(node)}</code>
        </pre>
      ) : (
        <code key={key}>{codeText(node)}</code>
      );
    case 'QQ':
      return <blockquote key={key}>{inner}</blockquote>;
    case 'FM':
      return (
        <div key={key} class="form">
          {inner}
        </div>
      );
    case 'RW':
      return <div key={key}>{inner}</div>;
    case 'LN':
      return renderLink(node, key, inner);
    case 'MN':
      return renderMention(node, key, inner, hooks);
    case 'HT':
      return renderTag(node, key, inner, hooks);
    case 'BN':
      return renderButton(node, key, inner, hooks);
    case 'IM':
    case 'AU':
    case 'VD':
    case 'EX':
      return hooks.media?.(node, key) ?? null;
    default:
      return inner; // a format of the future: its text stays
  }
}

const hasBreak = (node: Node): boolean => node.tp === 'BR' || (node.children ?? []).some(hasBreak);
const codeText = (node: Node): string => (node.tp === 'BR' ? '\n' : (node.text ?? '') + (node.children ?? []).map(codeText).join(''));

function renderLink(node: Node, key: number, inner: ComponentChildren): VNode {
  const url = safeUrl(node.data?.url);
  if (!url) return <span key={key}>{inner}</span>;
  const place = otherPlace(codeText(node), url); // a text that claims to be another address
  // bdi: the text cannot turn around what stands beside it; title: where it really leads.
  return (
    <a key={key} href={url} title={url} target="_blank" rel="noopener noreferrer nofollow">
      <bdi>{inner}</bdi>
      {place && <bdi> ({place})</bdi>}
    </a>
  );
}

function renderMention(node: Node, key: number, inner: ComponentChildren, hooks: Hooks): VNode {
  const user = node.data?.val;
  const act = hooks.onMention;
  if (!act || typeof user !== 'string') return (
    <span key={key} class="mention">
      {inner}
    </span>
  );
  return (
    <button key={key} type="button" class={`mention${user === hooks.me ? ' is-me' : ''}`} onClick={() => act(user)}>
      {inner}
    </button>
  );
}

function renderTag(node: Node, key: number, inner: ComponentChildren, hooks: Hooks): VNode {
  const tag = node.data?.val;
  const act = hooks.onHashtag;
  if (!act || typeof tag !== 'string') return (
    <span key={key} class="hashtag">
      {inner}
    </span>
  );
  return (
    <button key={key} type="button" class="hashtag" onClick={() => act(tag)}>
      {inner}
    </button>
  );
}

function renderButton(node: Node, key: number, inner: ComponentChildren, hooks: Hooks): VNode {
  const url = node.data?.act === 'url' ? safeUrl(node.data.ref) : undefined;
  if (url) return (
    <a key={key} class="bot-button" href={url} title={url} target="_blank" rel="noopener noreferrer nofollow">
      {inner}
    </a>
  );
  const act = node.data?.act === 'pub' ? hooks.onButton : undefined;
  const title = codeText(node);
  return (
    <button key={key} type="button" class="bot-button" disabled={!act} onClick={() => act?.(node.data ?? {}, title)}>
      {inner}
    </button>
  );
}

const emoji = /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}|\p{Emoji_Modifier}|[\u200d\ufe0f\u20e3]|[0-9#*](?=\ufe0f?\u20e3)|[\u{e0020}-\u{e007f}])+$/u;

/** How many emoji a message consists of, if it has nothing else and at most three; else 0. */
export function bigEmoji(nodes: Node[]): number {
  if (nodes.length !== 1 || nodes[0]!.tp !== '') return 0;
  const text = (nodes[0]!.text ?? '').replace(/\s/g, '');
  if (!text || text.length > 60 || !emoji.test(text)) return 0;
  const n = [...new Intl.Segmenter().segment(text)].length;
  return n <= 3 ? n : 0;
}

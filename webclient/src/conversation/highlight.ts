// Shows formats while they are typed: the same text in pieces, each with a class.
// The text keeps its width, because it lies below that of the field.

import { type Mentions, parseNodes } from '../drafty';
import type { Node } from '../drafty';

export interface Piece {
  text: string;
  style: string;
}

const styles: Record<string, string> = { ST: 'hl-bold', EM: 'hl-italic', DL: 'hl-strike', CO: 'hl-code', QQ: 'hl-quote', LN: 'hl-link', MN: 'hl-link', HT: 'hl-link' };

/** The typed text in pieces; put together they are exactly the text. */
export function highlight(text: string, mentions: Mentions): Piece[] {
  if (!/[*_~`>#@[\]/.\\]/.test(text) || text.length > 20_000) return [{ text, style: '' }];
  const out: Piece[] = [];
  let at = 0;
  const add = (to: number, style: string) => {
    if (to > at) out.push({ text: text.slice(at, to), style });
    at = Math.max(at, to);
  };
  // Each text of the parsed message is found again in what was typed; between them are marks.
  const walk = (nodes: Node[], style: string) => {
    for (const n of nodes) {
      if (n.tp === 'BR') {
        const to = text.indexOf('\n', at);
        if (to >= 0) {
          add(to, 'hl-mark');
          add(to + 1, '');
        }
        continue;
      }
      const own = n.tp ? `${style} ${styles[n.tp] ?? ''}`.trim() : style;
      for (const piece of split(n.text ?? '')) {
        const found = text.indexOf(piece, at);
        if (found < 0) continue;
        add(found, 'hl-mark');
        add(found + piece.length, own);
      }
      walk(n.children ?? [], own);
    }
  };
  walk(parseNodes(text, mentions), '');
  add(text.length, 'hl-mark');
  return out;
}

// split cuts where an escape may have stood.
const split = (text: string): string[] => text.match(/[\\`*_~[\]@#>]|[^\\`*_~[\]@#>]+/g) ?? [];

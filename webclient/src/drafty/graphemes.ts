// Drafty counts grapheme clusters (wire.md §14.1), JavaScript UTF-16 units.
// This is the bridge between the two.

const segmenter = new Intl.Segmenter();
// One unit is one cluster in such a text; only CR LF would be one of two.
const simple = /^[\x00-\x0c\x0e-\x7f]*$/;

/** A text that can be cut by grapheme clusters. */
export class Graphemes {
  readonly length: number;
  readonly text: string;
  // Where each cluster begins, in UTF-16 units; undefined: cluster i is unit i.
  private readonly starts: number[] | undefined;

  constructor(text: string) {
    this.text = text;
    if (simple.test(text)) {
      this.length = text.length;
      return;
    }
    this.starts = [];
    for (const part of segmenter.segment(text)) this.starts.push(part.index);
    this.length = this.starts.length;
  }

  /** The UTF-16 offset at which cluster i begins; the text's length at the end. */
  unit(i: number): number {
    if (!this.starts) return Math.min(i, this.text.length);
    return i < this.length ? this.starts[i]! : this.text.length;
  }

  /** Clusters from (inclusive) to (exclusive). */
  slice(from: number, to: number): string {
    return this.text.slice(this.unit(from), this.unit(to));
  }

  /** The cluster that holds a UTF-16 offset; the length at the end of the text. */
  cluster(unit: number): number {
    if (!this.starts) return Math.min(unit, this.length);
    if (unit >= this.text.length) return this.length;
    let low = 0;
    let high = this.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= unit) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** At most `most` clusters of a text, with an ellipsis where something was cut. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const clusters = new Graphemes(text.slice(0, most * 16)); // no need to count a novel
  return clusters.length <= most ? text.slice(0, most * 16) : clusters.slice(0, most).trimEnd() + '…';
}

// Sets of message numbers as half-open ranges [low, hi).

export interface Range {
  low: number;
  hi: number;
}

/** Ranges in order that neither overlap nor touch. */
export class Intervals {
  private list: Range[] = [];

  get ranges(): readonly Range[] {
    return this.list;
  }

  add(low: number, hi: number): void {
    if (!(low < hi)) return;
    const out: Range[] = [];
    for (const r of this.list) {
      if (r.hi < low || r.low > hi) out.push(r);
      else {
        low = Math.min(low, r.low);
        hi = Math.max(hi, r.hi);
      }
    }
    out.push({ low, hi });
    this.list = out.sort((a, b) => a.low - b.low);
  }

  has(n: number): boolean {
    return this.around(n) !== undefined;
  }

  /** The range that n is in. */
  around(n: number): Range | undefined {
    let low = 0;
    let high = this.list.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const r = this.list[middle]!;
      if (n < r.low) high = middle - 1;
      else if (n >= r.hi) low = middle + 1;
      else return r;
    }
    return undefined;
  }

  /** The last range that ends at or before n. */
  before(n: number): Range | undefined {
    return this.list.findLast((r) => r.hi <= n);
  }

  /** The first range that begins at or after n. */
  after(n: number): Range | undefined {
    return this.list.find((r) => r.low >= n);
  }
}

import { Component, createRef, type ComponentChildren, type VNode } from 'preact';

// A list of rows of which only those in sight are in the page, however many there are. Heights are
// estimated until a row was measured. What is in sight stays where it is when rows
// come, go or change their height anywhere else; at the end it sticks to the end.

export interface Item {
  readonly key: string;
}

export interface VirtualListProps<T extends Item> {
  items: readonly T[];
  /** What it makes of an item is kept as long as the item and this function are the same. */
  render: (item: T) => ComponentChildren;
  estimate: (item: T) => number; // px
  label: string;
  /** Tells which items are fully or partly in sight, and whether the end is. After each change. */
  onView?: (view: View) => void;
  onKeyDown?: (e: KeyboardEvent) => void;
  /** Gets the list, to scroll it. (In Preact 11 a ref of a component is a mere prop.) */
  handle?: { current: VirtualList<T> | null };
}

export interface View {
  first: number;
  last: number; // index of the last one in sight, -1: none
  atEnd: boolean;
}

type Where = 'start' | 'center' | 'end';

const overscan = 600; // px that are kept ready above and below
const near = 48; // px: this close to the end is the end
const slack = 2;
const tail = 8; // px below the last row

const heightOf = (row: HTMLElement): number => row.getBoundingClientRect().height; // as observers tell it: not rounded
const stays = (item: Item): boolean => item.key.startsWith('m') || item.key.startsWith('u');

interface State {
  from: number;
  to: number; // exclusive
}

export class VirtualList<T extends Item> extends Component<VirtualListProps<T>, State> {
  override state: State = { from: 0, to: 0 };
  private readonly box = createRef<HTMLDivElement>();
  private readonly inner = createRef<HTMLDivElement>();
  private readonly heights = new Map<string, number>();
  private readonly elements = new Map<string, HTMLElement>();
  private readonly places = new WeakMap<HTMLElement, number>(); // where they were put, px
  private drawn = new Map<T, VNode>(); // of the rows in the page: the same again needs no work
  private readonly guesses = new WeakMap<T, number>();
  private placed: readonly T[] = []; // the items that these are about:
  private stale = true; // they are not right any more
  private sizes = new Float64Array(0);
  private tops = new Float64Array(1); // of each item, and of the end
  private index = new Map<string, number>();
  // What must not move: an item and how far its top is below that of the box; or the end.
  private anchor: { key: string; offset: number } | 'end' = 'end';
  private wish: { key: string; where: Where } | undefined; // scroll here once it is there
  private observer: ResizeObserver | undefined;
  private y = 0; // where it was scrolled to, as far as is known
  private width = 0;
  private height = 0; // of the box
  private told = '';

  override componentDidMount(): void {
    if (this.props.handle) this.props.handle.current = this;
    this.observer = new ResizeObserver((entries) => this.resized(entries));
    this.observer.observe(this.box.current!);
    this.height = this.box.current!.clientHeight;
    this.layOut();
    this.settle();
  }

  override componentWillUnmount(): void {
    if (this.props.handle) this.props.handle.current = null;
    this.observer?.disconnect();
  }

  override componentDidUpdate(): void {
    // New rows are measured at once, so that they are painted where they stay.
    for (const [key, row] of this.elements) if (!this.heights.has(key)) this.measured(key, heightOf(row));
    this.settle();
  }

  override shouldComponentUpdate(next: VirtualListProps<T>, state: State): boolean {
    return next.items !== this.props.items || state !== this.state || next.render !== this.props.render;
  }

  /** Scrolls an item into sight; does nothing if it is not in the list. */
  scrollTo(key: string, where: Where = 'center'): void {
    this.wish = { key, where };
    this.settle();
  }

  scrollToEnd(): void {
    this.wish = undefined;
    this.anchor = 'end';
    this.settle();
  }

  // A jump may have led there: what is held then is the row that was jumped to.
  get atEnd(): boolean {
    return this.anchor === 'end' || this.tops[this.placed.length]! - this.height - this.y < near;
  }

  elementOf(key: string): HTMLElement | undefined {
    return this.elements.get(key);
  }

  focus(): void {
    this.box.current?.focus({ preventScroll: true });
  }

  // layOut computes where each item is.
  private layOut(): void {
    const { items, estimate } = this.props;
    if (this.placed !== items || this.stale) {
      this.placed = items;
      this.stale = false;
      this.index = new Map();
      this.sizes = new Float64Array(items.length);
      this.tops = new Float64Array(items.length + 1);
      items.forEach((item, i) => {
        this.index.set(item.key, i);
        let size = this.heights.get(item.key) ?? this.guesses.get(item);
        if (size === undefined) this.guesses.set(item, (size = estimate(item)));
        this.sizes[i] = size;
      });
    }
    let top = 0;
    for (let i = 0; i < items.length; i++) {
      this.tops[i] = top;
      top += this.sizes[i]!;
    }
    this.tops[items.length] = top + tail;
  }

  private measured(key: string, height: number): void {
    this.heights.set(key, height);
    const i = this.index.get(key);
    if (i !== undefined) this.sizes[i] = height;
  }

  private at(y: number): number {
    let low = 0;
    let high = this.placed.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle]! <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  // settle puts rows and the scroll position to where they belong, and asks for
  // other rows if others are in sight.
  private settle(look = true): void {
    const box = this.box.current;
    const inner = this.inner.current;
    if (!box || !inner) return;
    // The user may have scrolled since, and the event is still to come. This is read before
    // anything is written: the browser lays out no more than once.
    if (Math.abs(box.scrollTop - this.y) > 1) this.hold(box);
    this.layOut();
    const total = this.tops[this.props.items.length]!;
    // A short conversation stands at the bottom, beside where one writes.
    const above = Math.max(0, this.height - total);
    const whole = `${Math.max(total, this.height)}px`;
    if (inner.style.height !== whole) inner.style.height = whole;
    for (const [key, element] of this.elements) {
      const i = this.index.get(key);
      if (i === undefined) continue;
      const place = above + this.tops[i]!;
      if (this.places.get(element) === place) continue;
      this.places.set(element, place);
      element.style.transform = `translateY(${place}px)`;
    }
    const target = this.target();
    if (Math.abs(this.y - target) > 0.5) {
      box.scrollTop = target;
      this.y = box.scrollTop;
    }
    if (look) this.look();
  }

  private target(): number {
    const most = Math.max(0, this.tops[this.props.items.length]! - this.height);
    if (this.wish) {
      const i = this.index.get(this.wish.key);
      if (i !== undefined) {
        const height = this.tops[i + 1]! - this.tops[i]!;
        const free = this.height - height;
        const shift = { start: 8, center: Math.max(8, free / 2), end: free - 8 }[this.wish.where];
        const key = this.wish.key;
        if (this.heights.has(key)) this.wish = undefined;
        const y = Math.min(most, Math.max(0, this.tops[i]! - shift));
        this.anchor = { key, offset: this.tops[i]! - y };
        return y;
      }
    }
    if (this.anchor === 'end') return most;
    const i = this.index.get(this.anchor.key);
    if (i === undefined) return this.y;
    return Math.min(most, Math.max(0, this.tops[i]! - this.anchor.offset));
  }

  // look decides which rows have to be there, and tells what is in sight.
  private look(): void {
    const { items } = this.props;
    const { y, height } = this;
    const from = this.at(y - overscan);
    const to = items.length ? this.at(y + height + overscan) + 1 : 0;
    if (from !== this.state.from || to !== this.state.to) this.setState({ from, to });
    const first = this.at(y);
    const last = items.length ? this.at(y + height - 1) : -1;
    const told = `${first} ${last} ${this.atEnd} ${items.length} ${items[0]?.key} ${items.at(-1)?.key}`;
    if (told === this.told) return;
    this.told = told;
    this.props.onView?.({ first, last, atEnd: this.atEnd });
  }

  private readonly scrolled = (): void => {
    const box = this.box.current;
    if (!box) return; // the browser tells late, of a conversation that was closed meanwhile
    this.hold(box);
    this.look();
  };

  // hold notes what is in sight now, and so must not move. It knows the items that were
  // laid out last: newer ones have no places yet.
  private hold(box: HTMLDivElement): void {
    const items = this.placed;
    const y = (this.y = box.scrollTop);
    if (!items.length || this.tops[items.length]! - this.height - y < near) {
      this.anchor = 'end';
      return;
    }
    // The first row that is wholly in sight, else the one that fills it.
    let i = this.at(y);
    if (this.tops[i]! < y && i + 1 < items.length && this.tops[i + 1]! < y + this.height) i++;
    // Notes such as "more above" go away: hold on to what stays.
    while (i + 1 < items.length && !stays(items[i]!)) i++;
    this.anchor = { key: items[i]!.key, offset: this.tops[i]! - y };
  }

  private resized(entries: ResizeObserverEntry[]): void {
    let changed = false;
    for (const entry of entries) {
      const element = entry.target as HTMLElement;
      if (element === this.box.current) {
        this.height = element.clientHeight;
        if (element.clientWidth !== this.width) {
          if (this.width) this.heights.clear(); // all texts break elsewhere now
          this.width = element.clientWidth;
          this.stale = true;
          for (const [key, row] of this.elements) this.heights.set(key, heightOf(row));
        }
        changed = true;
        continue;
      }
      const key = element.dataset.key!;
      const height = entry.borderBoxSize[0]?.blockSize ?? heightOf(element);
      if (!element.isConnected || Math.abs((this.heights.get(key) ?? -1) - height) < 0.5) continue;
      this.measured(key, height);
      changed = true;
    }
    if (!changed) return;
    this.settle(false);
    requestAnimationFrame(() => this.box.current && this.look()); // rows must not come within an observer's callback
  }

  private readonly row = (key: string) => (element: HTMLElement | null): void => {
    const old = this.elements.get(key);
    if (old === element) return;
    if (old) this.observer?.unobserve(old);
    if (!element) {
      this.elements.delete(key);
      this.refs.delete(key);
      return;
    }
    this.elements.set(key, element);
    this.observer?.observe(element);
  };
  private readonly refs = new Map<string, (element: HTMLElement | null) => void>();
  private refOf(key: string): (element: HTMLElement | null) => void {
    let ref = this.refs.get(key);
    if (!ref) this.refs.set(key, (ref = this.row(key)));
    return ref;
  }

  private renderer: VirtualListProps<T>['render'] | undefined;
  private draw(items: readonly T[], render: VirtualListProps<T>['render']): VNode[] {
    const before = this.renderer === render ? this.drawn : undefined;
    this.renderer = render;
    this.drawn = new Map();
    return items.map((item) => {
      const row = before?.get(item) ?? (
        <div key={item.key} data-key={item.key} class="messages-row" ref={this.refOf(item.key)}>
          {render(item)}
        </div>
      );
      this.drawn.set(item, row);
      return row;
    });
  }

  override render({ items, render, label, onKeyDown }: VirtualListProps<T>, { from, to }: State) {
    // Items may have changed since the window was chosen: it moves along.
    const rows = items.slice(Math.max(0, from - slack), Math.min(items.length, to + slack));
    return (
      <div ref={this.box} class="messages scroll" role="group" aria-label={label} tabIndex={0} onScroll={this.scrolled} onKeyDown={onKeyDown}>
        <div ref={this.inner} class="messages-inner">
          {this.draw(rows, render)}
        </div>
      </div>
    );
  }
}

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

const spare = 10; // rows beyond what is seen, above and below
const few = 60; // so many are simply all there

// VirtualRows is a list of rows of one height, of which those are there that can
// be seen: 10,000 members cost as little as 50. Rows have the class "row"; arrow
// keys move among them.
export function VirtualRows<T>({ items, keyOf, render, label }: { items: T[]; keyOf: (item: T) => string; render: (item: T, stop: boolean) => ComponentChildren; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState(0); // px of a row
  const [view, setView] = useState({ top: 0, height: 800 });
  const wanted = useRef<number | null>(null); // row that gets the focus once it is there
  const all = items.length <= few;
  const from = all || !height ? 0 : Math.max(0, Math.floor(view.top / height) - spare);
  const to = all ? items.length : Math.min(items.length, height ? Math.ceil((view.top + view.height) / height) + spare : few);
  useLayoutEffect(() => {
    const el = box.current as HTMLDivElement;
    const measure = () => {
      const row = el.querySelector('li');
      if (row && row.offsetHeight > 0) setHeight(row.offsetHeight);
      setView((v) => (v.height === el.clientHeight ? v : { ...v, height: el.clientHeight }));
    };
    measure();
    const sizes = new ResizeObserver(measure);
    sizes.observe(el);
    return () => sizes.disconnect();
  }, [items.length > 0]);
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    const row = box.current?.querySelector<HTMLElement>(`li[aria-posinset="${wanted.current + 1}"] .row`);
    if (!row) return;
    wanted.current = null;
    row.focus({ preventScroll: true });
  });
  const onKey = (e: KeyboardEvent) => {
    const at = Number((e.target as HTMLElement).closest('li')?.ariaPosInSet ?? 0) - 1;
    if (at < 0) return;
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1, PageDown: at + 10, PageUp: at - 10 }[e.key];
    if (next === undefined) return;
    e.preventDefault();
    const go = Math.min(items.length - 1, Math.max(0, next));
    wanted.current = go;
    const el = box.current as HTMLDivElement;
    const rowHeight = height || 1;
    if (go * rowHeight < el.scrollTop) el.scrollTop = go * rowHeight;
    else if ((go + 1) * rowHeight > el.scrollTop + el.clientHeight) el.scrollTop = (go + 1) * rowHeight - el.clientHeight;
    setView({ top: el.scrollTop, height: el.clientHeight });
  };
  return (
    <div
      ref={box}
      class="scroll virtual"
      onScroll={(e) => {
        const { scrollTop: top, clientHeight } = e.currentTarget;
        if (!all) setView({ top, height: clientHeight });
      }}
      onKeyDown={onKey}
    >
      <ul class="rows" aria-label={label} style={{ paddingTop: `${from * height}px`, paddingBottom: `${(items.length - to) * height}px` }}>
        {items.slice(from, to).map((item, i) => (
          <li key={keyOf(item)} aria-setsize={items.length} aria-posinset={from + i + 1}>
            {render(item, from + i === from)}
          </li>
        ))}
      </ul>
    </div>
  );
}

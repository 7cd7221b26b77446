import type { ComponentChildren } from 'preact';
import { signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { IconButton } from './Button';
import { IconCheck, IconMore } from './icons';
import { useLayer } from './layer';

export interface MenuItem {
  label: string;
  icon?: ComponentChildren;
  danger?: boolean;
  checked?: boolean; // of a choice: shown with a mark
  line?: boolean; // a line above
  onSelect: () => void;
}

interface Open {
  items: MenuItem[];
  label: string;
  at: DOMRect; // where it opens: a button, or a point
  from: Element | null; // gets the focus back
}
const open = signal<Open | null>(null);

// openMenu shows a menu at a control or, for context menus, at a point.
// <Menus/> renders it. There is one at a time.
export function openMenu(items: MenuItem[], label: string, at: Element | { clientX: number; clientY: number }): void {
  const from = at instanceof Element ? at : document.activeElement;
  const rect = at instanceof Element ? at.getBoundingClientRect() : new DOMRect(at.clientX, at.clientY, 0, 0);
  open.value = { items, label, at: rect, from };
}

export function closeMenu(): void {
  open.value = null;
}

export function Menus() {
  if (!open.value) return null;
  return (
    <section aria-label={open.value.label}>
      <Menu key={open.value} {...open.value} />
    </section>
  );
}

function Menu({ items, label, at, from }: Open) {
  const ref = useRef<HTMLDivElement>(null);
  const returned = useRef(false);
  useLayoutEffect(() => {
    const menu = ref.current as HTMLDivElement;
    menu.showPopover();
    const { width, height } = menu.getBoundingClientRect();
    const right = at.left + width > innerWidth - 8;
    const below = at.bottom + height <= innerHeight - 8;
    menu.style.left = `${Math.max(8, right ? at.right - width : at.left)}px`;
    menu.style.top = `${Math.max(8, below ? at.bottom : Math.max(8, at.top - height))}px`;
    (menu.querySelector<HTMLElement>('[aria-checked="true"]') ?? (menu.firstElementChild as HTMLElement | null))?.focus();
  }, []);
  // It closes by itself where the page is touched elsewhere. (The browser's own popover="auto" would
  // be closed by the finger that opened it, when it is lifted.)
  useEffect(() => {
    const [width, height] = [innerWidth, innerHeight];
    const resized = () => {
      if (innerWidth !== width || innerHeight < height) close(false); // a keyboard that goes only makes room
    };
    const pressed = (e: Event) => {
      if (ref.current?.contains(e.target as Node)) return;
      close(false);
      swallow();
    };
    addEventListener('resize', resized);
    addEventListener('pointerdown', pressed, true);
    return () => {
      removeEventListener('resize', resized);
      removeEventListener('pointerdown', pressed, true);
    };
  }, []);
  const close = (refocus: boolean) => {
    if (returned.current) return;
    returned.current = true;
    closeMenu();
    if (refocus && from instanceof HTMLElement && from.isConnected) from.focus();
  };
  useLayer(() => close(true));
  const move = (e: KeyboardEvent) => {
    const all = [...(ref.current?.querySelectorAll<HTMLElement>('.menu-item') ?? [])];
    const now = all.indexOf(document.activeElement as HTMLElement);
    const to: { [key: string]: number } = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: -1 };
    const next = to[e.key];
    if (next !== undefined) {
      e.preventDefault();
      all.at(next % all.length)?.focus();
    } else if (e.key === 'Escape' || e.key === 'Tab') {
      e.preventDefault();
      e.stopPropagation();
      close(true);
    } else if (e.key.length === 1 && e.key !== ' ') {
      const found = [...all.slice(now + 1), ...all.slice(0, now + 1)].find((i) =>
        i.textContent?.trim().toLowerCase().startsWith(e.key.toLowerCase()),
      );
      found?.focus();
    }
  };
  return (
    <div
      ref={ref}
      class="menu scroll"
      role="menu"
      aria-label={label}
      popover="manual"
      onKeyDown={move}
      onFocusOut={(e) => {
        if (e.relatedTarget && !e.currentTarget.contains(e.relatedTarget as Node)) close(false);
      }}
      onContextMenu={(e) => e.preventDefault()}
    >
      {items.map((item) => (
        <>
          {item.line && <hr class="menu-line" />}
          <button
            type="button"
            key={item.label}
            class={`menu-item${item.danger ? ' menu-item-danger' : ''}`}
            role={item.checked === undefined ? 'menuitem' : 'menuitemradio'}
            aria-checked={item.checked}
            tabIndex={-1}
            onClick={() => {
              close(true);
              item.onSelect();
            }}
          >
            {item.icon}
            <span>{item.label}</span>
            {item.checked && (
              <span class="menu-item-check">
                <IconCheck size={18} />
              </span>
            )}
          </button>
        </>
      ))}
    </div>
  );
}

// MenuButton opens a menu; items are made when it does.
export function MenuButton({ label, items, children, class: more }: { label: string; items: () => MenuItem[]; children?: ComponentChildren; class?: string }) {
  return (
    <IconButton label={label} class={more ?? ''} aria-haspopup="menu" onClick={(e) => openMenu(items(), label, e.currentTarget)}>
      {children ?? <IconMore />}
    </IconButton>
  );
}

// swallow makes that the press which closes a menu does nothing else: the button that opened it
// does not open it again, and a row beneath is not meant.
function swallow(): void {
  const click = (e: MouseEvent) => {
    done();
    if (e.detail === 0) return; // by a key
    e.preventDefault();
    e.stopPropagation();
  };
  const done = () => {
    removeEventListener('click', click, true);
    removeEventListener('pointerdown', done, true);
  };
  addEventListener('click', click, true);
  setTimeout(() => addEventListener('pointerdown', done, true)); // after this one
}

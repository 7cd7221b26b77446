import type { ComponentChildren } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { IconInfo, IconWarning } from './icons';

export function Switch({ label, on, onChange, hint, disabled }: { label: string; on: boolean; onChange: (on: boolean) => void; hint?: string; disabled?: boolean }) {
  const id = useId();
  return (
    <button type="button" class="switch" role="switch" aria-checked={on} aria-labelledby={`${id}-l`} aria-describedby={hint ? `${id}-h` : undefined} disabled={disabled} onClick={() => onChange(!on)}>
      <span>
        <span id={`${id}-l`}>{label}</span>
        {hint && (
          <span id={`${id}-h`} class="field-hint" style={{ display: 'block' }}>
            {hint}
          </span>
        )}
      </span>
      <span class="switch-track" aria-hidden="true" />
    </button>
  );
}

export interface Tab<K extends string> {
  key: K;
  label: string;
}

// Tabs are the heads; the panel beneath has role="tabpanel" and this ID:
export const panelID = (id: string): string => `${id}-panel`;
export function Tabs<K extends string>({ id, label, tabs, chosen, onChoose }: { id: string; label: string; tabs: Tab<K>[]; chosen: K; onChoose: (key: K) => void }) {
  const ref = useRef<HTMLDivElement>(null);
  const move = (e: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!step) return;
    e.preventDefault();
    const at = (tabs.findIndex((x) => x.key === chosen) + step + tabs.length) % tabs.length;
    onChoose((tabs[at] as Tab<K>).key);
    (ref.current?.children[at] as HTMLElement | undefined)?.focus();
  };
  return (
    <div ref={ref} class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
      {tabs.map((x) => (
        <button key={x.key} type="button" class="tab" role="tab" id={`${id}-${x.key}`} aria-selected={x.key === chosen} aria-controls={panelID(id)} tabIndex={x.key === chosen ? 0 : -1} onClick={() => onChoose(x.key)}>
          {x.label}
        </button>
      ))}
    </div>
  );
}

export function Badge({ n, quiet, label }: { n: number; quiet?: boolean; label: string }) {
  return (
    <span class={`badge${quiet ? ' badge-quiet' : ''}`}>
      <span aria-hidden="true">{n > 999 ? '999+' : n}</span>
      <span class="sr-only">{label}</span>
    </span>
  );
}

// Banner says what is wrong, where it is wrong.
export function Banner({ info, children }: { info?: boolean; children?: ComponentChildren }) {
  return (
    <div class={`banner${info ? ' banner-info' : ''}`} role={info ? 'status' : 'alert'}>
      {info ? <IconInfo size={20} /> : <IconWarning size={20} />}
      <span>{children}</span>
    </div>
  );
}

// Empty stands where there is nothing yet.
export function Empty({ icon, title, text, children }: { icon: ComponentChildren; title: string; text?: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <div class="empty-art">{icon}</div>
      <h2>{title}</h2>
      {text && <p>{text}</p>}
      {children}
    </div>
  );
}

// Bar is the head of a column: buttons, title, buttons.
export function Bar({ title, before, after, children }: { title?: string; before?: ComponentChildren; after?: ComponentChildren; children?: ComponentChildren }) {
  return (
    <div class="bar">
      {before}
      <div class="bar-title">{children ?? <h1 class="ellipsis">{title}</h1>}</div>
      {after}
    </div>
  );
}

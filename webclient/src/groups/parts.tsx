import type { ComponentChildren, ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { back, link } from '../app/router';
import { t } from '../i18n';
import { Bar, IconBack, IconButton, IconClose, IconForward } from '../ui';
import type { IconProps } from '../ui/icons';

// What the pages of a panel are made of.

// PanelBar is the head of a page of the panel. Of the first one the button closes
// the panel, of the others it leads to the first.
export function PanelBar({ title, name, first, after }: { title: string; name: string; first?: boolean; after?: ComponentChildren }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus({ preventScroll: true }), []);
  return (
    <Bar
      title={title}
      before={
        <IconButton ref={button} label={t(first ? 'common.close' : 'common.back')} onClick={() => (first ? back('c', name) : back('c', name, 'info'))}>
          {first ? <IconClose /> : <IconBack />}
        </IconButton>
      }
      after={after}
    />
  );
}

// LineLink is a line that leads to another page; value is what it says now.
export function LineLink({ icon: Icon, label, value, to }: { icon: ComponentType<IconProps>; label: string; value?: ComponentChildren; to: string[] }) {
  return (
    <a class="line" href={link(...to)}>
      <Icon size={22} />
      <span class="line-label">{label}</span>
      {value !== undefined && <span class="line-value">{value}</span>}
      <IconForward size={18} />
    </a>
  );
}

export function LineButton({ icon: Icon, label, danger, hint, onClick, busy }: { icon: ComponentType<IconProps>; label: string; danger?: boolean; hint?: string; onClick: () => void; busy?: boolean }) {
  return (
    <button type="button" class={`line${danger ? ' line-danger' : ''}`} onClick={onClick} disabled={busy}>
      <Icon size={22} />
      <span class="line-label">
        {label}
        {hint && <span class="field-hint">{hint}</span>}
      </span>
    </button>
  );
}

export function Section({ title, children }: { title?: string; children?: ComponentChildren }) {
  return (
    <section class="panel-section">
      {title && <h2 class="panel-heading">{title}</h2>}
      {children}
    </section>
  );
}

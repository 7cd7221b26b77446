import type { ComponentChildren, JSX } from 'preact';
import { Spinner } from './Spinner';

type Native = Omit<JSX.IntrinsicElements['button'], 'icon' | 'label' | 'size'>;

export interface ButtonProps extends Native {
  kind?: 'primary' | 'soft' | 'outline' | 'plain' | 'danger';
  wide?: boolean;
  busy?: boolean; // cannot be pressed, and shows why
  children?: ComponentChildren;
}

// A ref goes to the <button>, as with all components (Preact 11).
export function Button({ kind = 'soft', wide, busy, class: more, children, type = 'button', disabled, ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      class={`btn btn-${kind}${wide ? ' btn-wide' : ''}${more ? ` ${more}` : ''}`}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      {...rest}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Native {
  label: string; // for people who don't see the picture; also the tooltip
  accent?: boolean;
  children?: ComponentChildren; // the icon
}

export function IconButton({ label, accent, class: more, children, type = 'button', ...rest }: IconButtonProps) {
  return (
    <button
      type={type}
      class={`icon-btn${accent ? ' icon-btn-accent' : ''}${more ? ` ${more}` : ''}`}
      aria-label={label}
      title={label}
      {...rest}
    >
      {children}
    </button>
  );
}

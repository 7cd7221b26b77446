import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

// Card is a group of settings that belong together.
export function Card({ title, text, children }: { title?: string; text?: string; children?: ComponentChildren }) {
  const id = useId();
  return (
    <section class="card" aria-labelledby={title ? id : undefined}>
      {title && <h2 id={id}>{title}</h2>}
      {text && <p class="card-text">{text}</p>}
      {children}
    </section>
  );
}

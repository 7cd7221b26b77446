import type { ComponentChildren } from 'preact';
import { signal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import { t } from '../i18n';
import { Button, IconButton } from './Button';
import { IconClose } from './icons';
import { useLayer } from './layer';

export interface DialogProps {
  title: string;
  onClose: () => void;
  wide?: boolean;
  foot?: ComponentChildren;
  children?: ComponentChildren;
}

// Dialog is the browser's own modal one: it keeps the focus, and Escape and Back
// close it. It is there as long as it is rendered.
export function Dialog({ title, onClose, wide, foot, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayer(onClose);
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      class={`dialog${wide ? ' dialog-wide' : ''}`}
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault();
        onClose();
      }}
      onPointerDown={(e) => {
        if (e.target === e.currentTarget && outside(e, e.currentTarget)) onClose();
      }}
    >
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <IconButton label={t('common.close')} onClick={onClose}>
          <IconClose />
        </IconButton>
      </div>
      {/* what scrolls must be reachable by keyboard */}
      <div class="dialog-body scroll" tabIndex={-1}>
        {children}
      </div>
      {foot && <div class="dialog-foot">{foot}</div>}
    </dialog>
  );
}

function outside(e: PointerEvent, dialog: HTMLElement): boolean {
  const box = dialog.getBoundingClientRect();
  return e.clientX < box.left || e.clientX > box.right || e.clientY < box.top || e.clientY > box.bottom;
}

interface Question {
  title: string;
  text?: string | undefined;
  yes: string;
  danger?: boolean;
  answer: (yes: boolean) => void;
}
const question = signal<Question | null>(null);

// confirm asks, and resolves to what was chosen. <Questions/> shows it.
export function confirm(q: Omit<Question, 'answer'>): Promise<boolean> {
  question.value?.answer(false);
  return new Promise((resolve) => {
    question.value = {
      ...q,
      answer: (yes) => {
        question.value = null;
        resolve(yes);
      },
    };
  });
}

export function Questions() {
  const q = question.value;
  if (!q) return null;
  return (
    <Dialog
      title={q.title}
      onClose={() => q.answer(false)}
      foot={
        <>
          <Button kind="plain" onClick={() => q.answer(false)}>
            {t('common.cancel')}
          </Button>
          <Button kind={q.danger ? 'danger' : 'primary'} onClick={() => q.answer(true)}>
            {q.yes}
          </Button>
        </>
      }
    >
      {q.text && <p>{q.text}</p>}
    </Dialog>
  );
}

import { signal } from '@preact/signals';
import { t } from '../i18n';
import { IconButton } from './Button';
import { IconClose } from './icons';

interface Shown {
  id: number;
  text: string;
}
const shown = signal<Shown[]>([]);
let last = 0;
// ms, and longer for long texts. A phone has less room beside what it covers.
const stays = () => (matchMedia('(max-width: 44rem)').matches ? 2_500 : 5_000);

// toast says something for a moment, for screen readers too. What people must
// not miss belongs into the page.
export function toast(text: string): void {
  const id = ++last;
  shown.value = [...shown.value.filter((s) => s.text !== text), { id, text }].slice(-3);
  setTimeout(() => drop(id), stays() + text.length * 40);
}

const drop = (id: number) => (shown.value = shown.value.filter((s) => s.id !== id));

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.value.map(({ id, text }) => (
        <div key={id} class="toast">
          <span>{text}</span>
          <IconButton label={t('common.close')} onClick={() => drop(id)}>
            <IconClose size={18} />
          </IconButton>
        </div>
      ))}
    </div>
  );
}

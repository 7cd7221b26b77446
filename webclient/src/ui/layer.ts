import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { cover } from '../app/router';

// useLayer makes the browser's Back close what the component shows, for as long
// as it is rendered.
export function useLayer(onClose: () => void): void {
  const latest = useRef(onClose);
  latest.current = onClose;
  useLayoutEffect(() => cover(() => latest.current()), []);
}

// useEscape closes it by the key as well, wherever the focus is, unless a dialog or
// menu lies above. (Those have an Escape of their own.)
export function useEscape(onClose: () => void): void {
  const latest = useRef(onClose);
  latest.current = onClose;
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      if (e.key !== 'Escape' || e.defaultPrevented || document.querySelector('dialog[open], [popover]:popover-open')) return;
      e.preventDefault();
      latest.current();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
}

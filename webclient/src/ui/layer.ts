import { useLayoutEffect, useRef } from 'preact/hooks';
import { cover } from '../app/router';

// useLayer makes the browser's Back close what the component shows, for as long
// as it is rendered.
export function useLayer(onClose: () => void): void {
  const latest = useRef(onClose);
  latest.current = onClose;
  useLayoutEffect(() => cover(() => latest.current()), []);
}

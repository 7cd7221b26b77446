import { useRef } from 'preact/hooks';

const longPress = 450; // ms
const near = 10; // px that a finger which stays may move

// useHold makes a finger that stays on an element open a menu there, as the right button does.
// What browsers make of such a finger besides (a menu of their own, a click when it is lifted) does not happen then.
export function useHold(open: (at: { clientX: number; clientY: number }) => void) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const from = useRef({ clientX: 0, clientY: 0 });
  const opened = useRef(false);
  const release = () => clearTimeout(timer.current);
  return {
    onPointerDown: (e: PointerEvent) => {
      release();
      opened.current = false;
      if (e.pointerType !== 'touch') return;
      const at = (from.current = { clientX: e.clientX, clientY: e.clientY });
      timer.current = setTimeout(() => {
        opened.current = true;
        navigator.vibrate?.(10);
        open(at);
      }, longPress);
    },
    onPointerMove: (e: PointerEvent) => {
      if (Math.hypot(e.clientX - from.current.clientX, e.clientY - from.current.clientY) > near) release();
    },
    onPointerUp: release,
    onPointerCancel: release,
    onPointerLeave: release,
    onTouchEnd: (e: TouchEvent) => {
      if (opened.current && e.cancelable) e.preventDefault();
      opened.current = false;
    },
    onContextMenuCapture: (e: MouseEvent) => {
      release();
      if (!opened.current) return;
      e.preventDefault();
      e.stopPropagation();
    },
  };
}

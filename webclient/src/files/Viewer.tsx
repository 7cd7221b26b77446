import { useEffect, useRef, useState } from 'preact/hooks';
import { type Data, nameOf } from '../drafty';
import { t } from '../i18n';
import { IconBack, IconButton, IconClose, IconDownload, IconForward } from '../ui';
import { useLayer } from '../ui/layer';
import { downloadURL, pictureURL } from './address';
import './viewer.css';

export interface Shot {
  key: string;
  data: Data;
  local?: string | undefined;
  caption: string;
}

const most = 8;

// Pictures of a conversation on the whole screen: fingers, wheel or + and - enlarge, the
// arrows go on, Escape and Back leave.
export default function Viewer({ shots, start, onClose }: { shots: Shot[]; start: number; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [at, setAt] = useState(start);
  const [view, setView] = useState({ scale: 1, x: 0, y: 0 });
  const fingers = useRef(new Map<number, { x: number; y: number }>());
  const moved = useRef(0);
  useLayer(onClose);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  const shot = shots[Math.min(at, shots.length - 1)];
  if (!shot) return null;
  const go = (step: number) => {
    const next = at + step;
    if (next < 0 || next >= shots.length) return;
    setAt(next);
    setView({ scale: 1, x: 0, y: 0 });
  };
  const zoom = (factor: number, x = innerWidth / 2, y = innerHeight / 2) =>
    setView((v) => {
      const scale = Math.min(most, Math.max(1, v.scale * factor));
      if (scale === 1) return { scale, x: 0, y: 0 };
      const k = scale / v.scale;
      const cx = x - innerWidth / 2;
      const cy = y - innerHeight / 2;
      return { scale, x: cx - (cx - v.x) * k, y: cy - (cy - v.y) * k };
    });
  const keys = (e: KeyboardEvent) => {
    const act = { ArrowLeft: () => go(-1), ArrowRight: () => go(1), '+': () => zoom(1.5), '=': () => zoom(1.5), '-': () => zoom(1 / 1.5), '0': () => setView({ scale: 1, x: 0, y: 0 }) }[e.key];
    if (!act) return;
    e.preventDefault();
    act();
  };
  const down = (e: PointerEvent) => {
    (e.currentTarget as Element).setPointerCapture(e.pointerId);
    if (!fingers.current.size) moved.current = 0;
    fingers.current.set(e.pointerId, { x: e.clientX, y: e.clientY });
  };
  const move = (e: PointerEvent) => {
    const before = fingers.current.get(e.pointerId);
    if (!before) return;
    const all = [...fingers.current.entries()];
    const now = { x: e.clientX, y: e.clientY };
    moved.current += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    fingers.current.set(e.pointerId, now);
    if (all.length === 2) {
      const other = all.find(([id]) => id !== e.pointerId)![1];
      const distance = (p: { x: number; y: number }) => Math.max(1, Math.hypot(p.x - other.x, p.y - other.y));
      zoom(distance(now) / distance(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
    } else if (view.scale > 1) setView((v) => ({ ...v, x: v.x + now.x - before.x, y: v.y + now.y - before.y }));
  };
  const up = (e: PointerEvent) => {
    const from = fingers.current.get(e.pointerId);
    fingers.current.delete(e.pointerId);
    if (from && moved.current < 8 && e.target === e.currentTarget && view.scale === 1) onClose();
  };
  const swipe = useRef<{ x: number; y: number } | null>(null);
  const download = shot.local ?? downloadURL(shot.data);
  const name = nameOf(shot.data) || t('preview.image');
  return (
    <dialog
      ref={dialog}
      class="viewer"
      aria-label={name}
      onKeyDown={keys}
      onCancel={(e) => {
        e.preventDefault();
        onClose();
      }}
    >
      <div
        class="viewer-stage"
        onWheel={(e) => {
          e.preventDefault();
          zoom(Math.exp(-e.deltaY / 400), e.clientX, e.clientY);
        }}
        onPointerDown={(e) => {
          swipe.current = { x: e.clientX, y: e.clientY };
          down(e);
        }}
        onPointerMove={move}
        onPointerUp={(e) => {
          const s = swipe.current;
          if (s && fingers.current.size === 1 && view.scale === 1 && e.pointerType === 'touch') {
            const [dx, dy] = [e.clientX - s.x, e.clientY - s.y];
            if (Math.abs(dx) > 60 && Math.abs(dx) > Math.abs(dy) * 1.5) go(dx < 0 ? 1 : -1);
            else if (dy > 100) onClose();
          }
          up(e);
        }}
        onPointerCancel={(e) => fingers.current.delete(e.pointerId)}
        onDblClick={(e) => (view.scale > 1 ? setView({ scale: 1, x: 0, y: 0 }) : zoom(2.5, e.clientX, e.clientY))}
      >
        <img key={shot.key} src={shot.local ?? pictureURL(shot.data)} alt={name} draggable={false} style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})` }} />
      </div>
      <div class="viewer-bar">
        <span class="ellipsis viewer-name">
          <bdi>{name}</bdi>
        </span>
        {download && (
          <a class="icon-btn" href={download} download={name} aria-label={t('files.download', { name })} title={t('files.download', { name })}>
            <IconDownload />
          </a>
        )}
        <IconButton label={t('common.close')} onClick={onClose}>
          <IconClose />
        </IconButton>
      </div>
      {at > 0 && (
        <IconButton class="viewer-before" label={t('files.before')} onClick={() => go(-1)}>
          <IconBack />
        </IconButton>
      )}
      {at < shots.length - 1 && (
        <IconButton class="viewer-after" label={t('files.after')} onClick={() => go(1)}>
          <IconForward />
        </IconButton>
      )}
      {shot.caption && <p class="viewer-caption">{shot.caption}</p>}
    </dialog>
  );
}

import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import { Button, Dialog } from '../ui';
import { type Cut, fit, maxZoom, moved, source, whole } from './crop';
import { cutOut } from './store';

const shown = 560; // px of the canvas; it is drawn at half that size
const step = 0.04; // of the square, per press of an arrow key

// Cropper lets the user choose a square of a picture: by dragging, the wheel, the
// slider, or the arrow keys.
export function Cropper({ image, onDone, onCancel }: { image: ImageBitmap; onDone: (picture: HTMLCanvasElement) => void; onCancel: () => void }) {
  const { width, height } = image;
  const [cut, setCut] = useState<Cut>(() => fit(whole, width, height));
  const canvas = useRef<HTMLCanvasElement>(null);
  const grip = useRef<{ x: number; y: number } | null>(null);
  useEffect(() => {
    const g = canvas.current?.getContext('2d');
    if (!g) return;
    const s = source(cut, width, height);
    g.fillStyle = '#fff';
    g.fillRect(0, 0, shown, shown);
    g.drawImage(image, s.x, s.y, s.side, s.side, 0, 0, shown, shown);
  }, [cut]);
  const move = (dx: number, dy: number) => setCut((c) => moved(c, dx, dy, width, height));
  const zoom = (to: (z: number) => number) => setCut((c) => fit({ ...c, zoom: to(c.zoom) }, width, height));
  const onKey = (e: KeyboardEvent) => {
    const by: { [key: string]: [number, number] } = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    const d = by[e.key];
    if (d) move(...d);
    else if (e.key === '+') zoom((z) => z * 1.15);
    else if (e.key === '-') zoom((z) => z / 1.15);
    else return;
    e.preventDefault();
  };
  return (
    <Dialog
      title={t('picture.crop')}
      onClose={onCancel}
      foot={
        <>
          <Button kind="plain" onClick={onCancel}>
            {t('common.cancel')}
          </Button>
          <Button kind="primary" onClick={() => onDone(cutOut(image, source(cut, width, height)))}>
            {t('picture.use')}
          </Button>
        </>
      }
    >
      <div class="cropper">
        <div
          class="cropper-frame"
          role="application"
          tabIndex={0}
          aria-label={t('picture.cropHint')}
          onKeyDown={onKey}
          onWheel={(e) => {
            e.preventDefault();
            zoom((z) => z * (e.deltaY < 0 ? 1.08 : 1 / 1.08));
          }}
          onPointerDown={(e) => {
            e.currentTarget.setPointerCapture(e.pointerId);
            grip.current = { x: e.clientX, y: e.clientY };
          }}
          onPointerMove={(e) => {
            if (!grip.current) return;
            const side = e.currentTarget.clientWidth;
            move((e.clientX - grip.current.x) / side, (e.clientY - grip.current.y) / side);
            grip.current = { x: e.clientX, y: e.clientY };
          }}
          onPointerUp={() => (grip.current = null)}
          onPointerCancel={() => (grip.current = null)}
        >
          <canvas ref={canvas} width={shown} height={shown} />
        </div>
        <label class="cropper-zoom">
          <span>{t('picture.zoom')}</span>
          <input type="range" min={1} max={maxZoom} step={0.01} value={cut.zoom} onInput={(e) => zoom(() => Number(e.currentTarget.value))} />
        </label>
      </div>
    </Dialog>
  );
}

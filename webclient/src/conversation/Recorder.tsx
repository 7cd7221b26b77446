import { useEffect, useRef, useState } from 'preact/hooks';
import type { Prepared } from '../files/prepare';
import { record, type Recording } from '../files/record';
import { durationText } from '../files/text';
import { t } from '../i18n';
import { IconButton, IconSend, IconTrash, toast } from '../ui';

const shown = 60; // bars
const slide = 90; // px to the left that cancel

// A voice message while it is recorded. It is sent with Enter, cancelled with Escape or by
// sliding to the left.
export function Recorder({ onDone, onLevel }: { onDone: (p: Prepared | undefined) => void; onLevel: () => void }) {
  const [levels, setLevels] = useState<number[]>([]);
  const [millis, setMillis] = useState(0);
  const recording = useRef<Recording | undefined>(undefined);
  const ended = useRef(false);
  const from = useRef<number | undefined>(undefined);
  const [shift, setShift] = useState(0);
  useEffect(() => {
    record(
      (level, ms) => {
        setLevels((all) => [...all.slice(1 - shown), level]);
        setMillis(ms);
        onLevel();
      },
      () => void send(),
    ).then(
      (r) => {
        if (ended.current) r.cancel();
        else recording.current = r;
      },
      () => {
        toast(t('composer.noMicrophone'));
        end(undefined);
      },
    );
    return () => {
      if (!ended.current) recording.current?.cancel();
      ended.current = true;
    };
  }, []);
  const end = (p: Prepared | undefined) => {
    if (ended.current) return;
    ended.current = true;
    onDone(p);
  };
  const cancel = () => {
    recording.current?.cancel();
    end(undefined);
  };
  const send = async () => {
    if (!recording.current || ended.current) return;
    const p = await recording.current.finish();
    if (!p) toast(t('composer.tooShort'));
    end(p);
  };
  const lifted = () => {
    from.current = undefined;
    setShift(0);
  };
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.querySelector<HTMLElement>('.icon-btn-accent')?.focus(), []);
  return (
    <div
      ref={box}
      class="composer recorder"
      onKeyDown={(e) => {
        if (e.key === 'Escape') cancel();
      }}
      onPointerDown={(e) => (from.current = e.clientX)}
      onPointerMove={(e) => {
        if (from.current === undefined || !e.buttons) return;
        const dx = Math.min(0, e.clientX - from.current);
        setShift(dx);
        if (dx < -slide) cancel();
      }}
      onPointerUp={lifted}
      onPointerCancel={lifted}
    >
      <div class="composer-row" style={{ transform: shift ? `translateX(${shift / 2}px)` : '' }}>
        <IconButton label={t('composer.cancelRecording')} onClick={cancel}>
          <IconTrash />
        </IconButton>
        <span class="recorder-dot" aria-hidden="true" />
        <span class="recorder-time" role="timer" aria-label={t('composer.recording')}>
          {durationText(millis)}
        </span>
        <div class="recorder-wave" aria-hidden="true">
          {levels.map((l, i) => (
            <span key={i} style={{ height: `${Math.max(6, Math.round(l * 100))}%` }} />
          ))}
        </div>
        <span class="recorder-hint only-narrow">{t('composer.slide')}</span>
        <IconButton accent label={t('conversation.send')} onClick={() => void send()}>
          <IconSend />
        </IconButton>
      </div>
    </div>
  );
}

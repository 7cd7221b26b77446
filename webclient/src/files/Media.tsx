// Pictures, sound, video and files in messages.

import { signal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type Data, nameOf, type Node } from '../drafty';
import { t } from '../i18n';
import { IconButton, IconDownload, IconFile, IconPause, IconPlay } from '../ui';
import { downloadURL, mediaURL, previewURL, smallURL } from './address';
import { durationText, sizeText } from './text';
import { decodeWave } from './wave';
import './media.css';

export interface MediaProps {
  data: Data;
  local?: string | undefined; // while it is only here
  onOpen?: (() => void) | undefined;
}

const maxWidth = 340; // px at the normal text size
const maxHeight = 380;

// box is how large a picture is shown; it is kept free before the picture is there.
function box(data: Data): { width: number; height: number } {
  const side = (v: unknown) => Math.min(20_000, Math.max(1, Number(v) || 0));
  const width = Number(data.width) > 0 ? side(data.width) : 280;
  const height = Number(data.height) > 0 ? side(data.height) : 210;
  const scale = Math.min(1, maxWidth / width, maxHeight / height);
  return { width: Math.max(72, Math.round(width * scale)), height: Math.max(56, Math.round(height * scale)) };
}
const frame = (data: Data) => {
  const { width, height } = box(data);
  return { width: `${width / 16}rem`, aspectRatio: `${width} / ${height}` };
};

/** The height that media take, px; for lists that have not drawn them yet. */
export function heightOf(node: Node): number {
  if (node.tp === 'IM' || node.tp === 'VD') return box(node.data ?? {}).height + 6;
  return 60;
}

export function Picture({ data, local, onOpen }: MediaProps): VNode {
  const [loaded, setLoaded] = useState(false);
  const [broken, setBroken] = useState(false);
  const url = local ?? smallURL(data);
  const preview = previewURL(data);
  const name = nameOf(data);
  return (
    <button type="button" class="picture" style={frame(data)} aria-label={name ? t('files.openPicture', { name }) : t('files.openUnnamed')} onClick={onOpen} disabled={!onOpen}>
      {preview && !loaded && <img class="picture-preview" src={preview} alt="" />}
      {url && !broken ? (
        <img class={`picture-full${loaded ? ' is-there' : ''}`} src={url} alt={name || t('preview.image')} loading="lazy" decoding="async" draggable={false} onLoad={() => setLoaded(true)} onError={() => setBroken(true)} />
      ) : (
        <span class="picture-broken">{t('files.notThere')}</span>
      )}
    </button>
  );
}

export function Video({ data, local }: MediaProps): VNode {
  const [started, setStarted] = useState(false);
  const url = local ?? mediaURL(data, 'video');
  const poster = previewURL(data);
  const name = nameOf(data) || t('preview.video');
  const length = Number(data.duration) > 0 ? durationText(data.duration) : '';
  return (
    <div class="video" style={frame(data)}>
      {started && url ? (
        <video src={url} poster={poster} controls autoplay playsInline aria-label={name} />
      ) : (
        <button type="button" class="video-start" aria-label={[t('files.play', { name }), length].filter(Boolean).join(', ')} disabled={!url} onClick={() => setStarted(true)}>
          {poster && <img src={poster} alt="" />}
          <span class="video-icon">
            <IconPlay size={28} />
          </span>
          {length && <span class="video-time">{length}</span>}
        </button>
      )}
    </div>
  );
}

// One sound plays at a time.
const playing = signal<HTMLAudioElement | null>(null);
const speeds = [1, 1.5, 2];
const speed = signal(1);

export function Sound({ data, local }: MediaProps): VNode {
  const audio = useRef<HTMLAudioElement | null>(null);
  const [part, setPart] = useState(0); // 0…1
  const [on, setOn] = useState(false);
  const [failed, setFailed] = useState(false);
  const bars = useMemo(() => decodeWave(data.preview), [data.preview]);
  const total = (Number(data.duration) || 0) / 1000;
  const length = () => (total > 0 ? total : Number.isFinite(audio.current?.duration) ? audio.current!.duration : 0);
  useEffect(
    () => () => {
      audio.current?.pause();
      if (playing.peek() === audio.current) playing.value = null;
    },
    [],
  );
  const element = (): HTMLAudioElement | undefined => {
    if (audio.current) return audio.current;
    const url = local ?? mediaURL(data, 'audio');
    if (!url) return undefined;
    const a = new Audio(url);
    a.ontimeupdate = () => setPart(length() ? Math.min(1, a.currentTime / length()) : 0);
    a.onended = () => setPart(0);
    a.onplay = () => setOn(true);
    a.onpause = () => setOn(false);
    a.onerror = () => setFailed(true);
    return (audio.current = a);
  };
  const toggle = () => {
    const a = element();
    if (!a) return setFailed(true);
    if (!a.paused) return a.pause();
    if (playing.peek() !== a) playing.peek()?.pause();
    playing.value = a;
    a.playbackRate = speed.peek();
    a.play().catch(() => setFailed(true));
  };
  const seek = (to: number) => {
    const a = element();
    if (!a || !length()) return;
    const part = Math.min(1, Math.max(0, to));
    a.currentTime = part * length();
    setPart(part);
  };
  const change = () => {
    speed.value = speeds[(speeds.indexOf(speed.peek()) + 1) % speeds.length]!;
    if (audio.current) audio.current.playbackRate = speed.peek();
  };
  const name = nameOf(data);
  const voice = !name || name.startsWith('voice.');
  return (
    <div class="sound">
      <IconButton accent label={on ? t('files.pause') : t('files.play', { name: voice ? t('preview.audio') : name })} onClick={toggle}>
        {on ? <IconPause size={20} /> : <IconPlay size={20} />}
      </IconButton>
      <div class="sound-body">
        {!voice && <span class="sound-name ellipsis">{name}</span>}
        <div
          class="sound-wave"
          role="slider"
          tabIndex={0}
          aria-label={t('files.position')}
          aria-valuemin={0}
          aria-valuemax={Math.round(length())}
          aria-valuenow={Math.round(part * length())}
          aria-valuetext={durationText(part * length() * 1000)}
          onPointerDown={(e) => {
            const r = e.currentTarget.getBoundingClientRect();
            seek((e.clientX - r.left) / r.width);
          }}
          onKeyDown={(e) => {
            const step = { ArrowRight: 5, ArrowUp: 5, ArrowLeft: -5, ArrowDown: -5 }[e.key];
            if (!step || !length()) return;
            e.preventDefault();
            e.stopPropagation();
            seek(part + step / length());
          }}
        >
          {bars.map((h, i) => (
            <span key={i} class={i < part * bars.length ? 'is-played' : ''} style={{ height: `${Math.round(h * 100)}%` }} />
          ))}
        </div>
        <span class="sound-foot">
          {failed ? t('files.notThere') : durationText((on || part > 0 ? part * length() : total) * 1000)}
          {on && (
            <button type="button" class="sound-speed" aria-label={t('files.speed')} onClick={change}>
              {speed.value}×
            </button>
          )}
        </span>
      </div>
    </div>
  );
}

export function FileLink({ data, local }: MediaProps): VNode {
  const name = nameOf(data) || t('preview.file');
  const size = sizeText(data.size ?? (typeof data.val === 'string' ? data.val.length * 0.75 : 0));
  const url = local ?? downloadURL(data);
  const note = size || (typeof data.mime === 'string' ? data.mime.slice(0, 40) : '');
  const body = (
    <>
      <span class="file-icon">{url ? <IconDownload size={20} /> : <IconFile size={20} />}</span>
      <span class="file-text">
        <span class="file-name">
          <bdi>{name}</bdi>
        </span>
        <span class="file-size">{note}</span>
      </span>
    </>
  );
  return url ? (
    <a class="file" href={url} download={name} title={t('files.download', { name })}>
      {body}
    </a>
  ) : (
    <span class="file">{body}</span>
  );
}

/** One of them, by what the entity is. */
export function Media({ node, ...rest }: { node: Node } & Omit<MediaProps, 'data'>): VNode | null {
  const data = node.data ?? {};
  switch (node.tp) {
    case 'IM':
      return <Picture data={data} {...rest} />;
    case 'VD':
      return <Video data={data} {...rest} />;
    case 'AU':
      return <Sound data={data} {...rest} />;
    case 'EX':
      // Answers of forms travel as files that are none.
      return data.mime === 'application/json' && data.val && typeof data.val === 'object' ? null : <FileLink data={data} {...rest} />;
    default:
      return null;
  }
}

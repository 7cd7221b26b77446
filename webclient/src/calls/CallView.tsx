import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import { contact } from '../model/contacts';
import { clockOf } from '../model/preview';
import { narrow } from '../app/Shell';
import { Avatar, Button, IconButton, IconClose, IconDevices, IconDown, IconHangUp, IconMic, IconMicOff, IconPhone, IconVideo, IconVideoOff } from '../ui';
import type { Call } from './call';
import { place } from './engine';
import './calls.css';

// CallView is the call before everything, or small in a corner, so that one can
// read on. It is the same dialog, and the pictures in it never stop.
export function CallView({ call }: { call: Call }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useRef<HTMLHeadingElement>(null);
  const id = useId();
  const phase = call.phase.value;
  const mini = call.mini.value && phase !== 'incoming';
  useEffect(() => {
    const d = dialog.current;
    if (!d) return;
    const inside = d.contains(document.activeElement);
    if (d.open) d.close();
    if (mini) d.show();
    else d.showModal();
    // The heading, and no button: whoever is typing must not answer by that.
    if (!mini) title.current?.focus();
    else if (!inside) document.getElementById('main')?.focus();
  }, [mini]);
  useEffect(() => () => dialog.current?.close(), []);
  const picture = !!call.remote.value?.picture;
  const known = contact(call.topic);
  return (
    <dialog
      ref={dialog}
      class={`call${mini ? ' call-mini' : ''}${picture ? ' call-pictured' : ''}`}
      data-phase={phase}
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault();
        if (phase === 'ended') call.close();
        else if (phase !== 'incoming') call.mini.value = true;
      }}
    >
      <Remote call={call} />
      <div class="call-who">
        {!picture && <Avatar id={call.topic} name={call.name} photo={known?.photo} size={mini ? 40 : narrow.value ? 112 : 128} />}
        <h2 id={id} ref={title} tabIndex={-1} class="ellipsis">
          {call.name}
        </h2>
        <Status call={call} />
        {call.notice.value && (
          <p class="call-notice" role="alert">
            {call.notice.value}
          </p>
        )}
      </div>
      <Local call={call} />
      {phase === 'incoming' ? <Answer call={call} /> : phase === 'ended' ? <Ended call={call} /> : <Controls call={call} mini={mini} />}
    </dialog>
  );
}

function Status({ call }: { call: Call }) {
  const phase = call.phase.value;
  const text = () => {
    switch (phase) {
      case 'ended':
        return call.end.value;
      case 'incoming':
        return t(call.video ? 'calls.incomingVideo' : 'calls.incoming');
      case 'asking':
        return t(call.video ? 'calls.askingVideo' : 'calls.asking');
      case 'active':
        return call.shaky.value ? t('calls.reconnecting') : t('calls.active');
      default:
        return t(`calls.${phase}`);
    }
  };
  const still = phase !== 'active' || call.shaky.value;
  return (
    <>
      <p class={still ? 'call-status' : 'sr-only'} role={call.failed.value ? 'alert' : 'status'}>
        {text()}
      </p>
      {!still && <Timer since={call.since.value} />}
    </>
  );
}

function Timer({ since }: { since: number }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <p class="call-status" role="timer">
      {clockOf(Date.now() - since)}
    </p>
  );
}

// Remote plays what comes: it is there for sound alone, too.
function Remote({ call }: { call: Call }) {
  const ref = useRef<HTMLVideoElement>(null);
  const remote = call.remote.value;
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    if (video.srcObject !== (remote?.stream ?? null)) video.srcObject = remote?.stream ?? null;
    if (remote) video.play().catch(() => {}); // plays at the next click, if browsers want one
  }, [remote]);
  useEffect(() => {
    const video = ref.current;
    return () => {
      if (video) video.srcObject = null;
    };
  }, []);
  return <video ref={ref} class="call-remote" data-hidden={remote?.picture ? undefined : ''} aria-label={t('calls.picture', { name: call.name })} autoplay playsInline />;
}

function Local({ call }: { call: Call }) {
  const ref = useRef<HTMLVideoElement>(null);
  const stream = call.local.value;
  const on = call.cameraOn.value && !!stream;
  useEffect(() => {
    if (!ref.current || !stream) return;
    ref.current.srcObject = stream;
    ref.current.play().catch(() => {});
  }, [stream, on]);
  if (!on) return null;
  return <video ref={ref} class="call-local" aria-label={t('calls.self')} muted autoplay playsInline />;
}

function Answer({ call }: { call: Call }) {
  return (
    <div class="call-buttons">
      <CallButton label={t('calls.decline')} kind="end" onClick={() => call.hangUp()}>
        <IconHangUp size={26} />
      </CallButton>
      <CallButton label={t('calls.answer')} kind="go" onClick={() => void call.accept(false)}>
        <IconPhone size={26} />
      </CallButton>
      {call.video && (
        <CallButton label={t('calls.answerVideo')} kind="go" onClick={() => void call.accept(true)}>
          <IconVideo size={26} />
        </CallButton>
      )}
    </div>
  );
}

// CallButton has its words beneath: these two are not to be mixed up.
function CallButton({ label, kind, onClick, children }: { label: string; kind: 'go' | 'end'; onClick: () => void; children: preact.ComponentChildren }) {
  return (
    <button type="button" class="call-answer" onClick={onClick}>
      <span class={`call-round call-${kind}`}>{children}</span>
      <span>{label}</span>
    </button>
  );
}

function Controls({ call, mini }: { call: Call; mini: boolean }) {
  const [mic, cam] = [call.micOn.value, call.cameraOn.value];
  const ready = !!call.local.value;
  return (
    <div class="call-buttons">
      {mini ? (
        <IconButton class="call-tool" label={t('calls.enlarge')} onClick={() => (call.mini.value = false)}>
          <IconDevices />
        </IconButton>
      ) : (
        <IconButton class="call-tool" label={t('calls.minimise')} onClick={() => (call.mini.value = true)}>
          <IconDown />
        </IconButton>
      )}
      <IconButton class="call-tool" label={t(mic ? 'calls.mute' : 'calls.unmute')} data-off={mic ? undefined : ''} disabled={!ready} onClick={() => call.mute(mic)}>
        {mic ? <IconMic /> : <IconMicOff />}
      </IconButton>
      <IconButton class="call-tool" label={t(cam ? 'calls.cameraOff' : 'calls.cameraOn')} data-off={cam ? undefined : ''} disabled={!ready} onClick={() => void call.useCamera(!cam)}>
        {cam ? <IconVideo /> : <IconVideoOff />}
      </IconButton>
      {!mini && cam && call.canSwitch.value && (
        <IconButton class="call-tool" label={t('calls.switchCamera')} onClick={() => void call.useCamera(true, true)}>
          <IconSwitch />
        </IconButton>
      )}
      <IconButton class="call-tool call-end" label={t('calls.hangUp')} onClick={() => call.hangUp()}>
        <IconHangUp />
      </IconButton>
    </div>
  );
}

function Ended({ call }: { call: Call }) {
  return (
    <div class="call-buttons">
      {call.failed.value && call.outgoing && (
        <Button
          onClick={() => {
            call.close();
            place(call.topic, call.video);
          }}
        >
          {t('calls.again')}
        </Button>
      )}
      <IconButton class="call-tool" label={t('common.close')} onClick={() => call.close()}>
        <IconClose />
      </IconButton>
    </div>
  );
}

function IconSwitch() {
  return (
    <svg width="1.375rem" height="1.375rem" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d="M4 11a8 8 0 0 1 14-4l2 2M20 4v5h-5M20 13a8 8 0 0 1-14 4l-2-2M4 20v-5h5" />
    </svg>
  );
}

import { useSignalEffect } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { PageProps } from '../app/feature';
import { back, go } from '../app/router';
import { partsOf } from '../drafty';
import { pictureURL } from '../files/address';
import type { Shot } from '../files/Viewer';
import { Gate } from '../groups/Gate';
import { t } from '../i18n';
import { ago } from '../i18n/time';
import { contact } from '../model/contacts';
import { connection } from '../model/session';
import { HeadTools } from '../app/HeadTools';
import { Avatar, Bar, Empty, IconBack, IconButton, IconClose, IconCopy, IconForwardMessage, IconPin, IconTrash, IconWarning } from '../ui';
import { useEscape, useLayer } from '../ui/layer';
import { copy } from './actions';
import { Composer } from './Composer';
import { localURL } from './content';
import { Conversation } from './conversation';
import { Delete, Forward } from './Dialogs';
import { MessageList } from './MessageList';
import { watch } from './current';
import { PageState } from './state';
import './conversation.css';

type ViewerType = (typeof import('../files/Viewer'))['default'];

export default function ConversationPage({ params }: PageProps) {
  const topic = params.topic ?? '';
  return (
    <Gate key={topic} name={topic}>
      <Page topic={topic} />
    </Gate>
  );
}

function Page({ topic }: { topic: string }) {
  const page = useMemo(() => new PageState(new Conversation(topic)), [topic]);
  const c = page.conversation;
  const incoming = useRef<{ take?: (files: File[]) => void }>({});
  const [dropping, setDropping] = useState(false);
  useEffect(() => {
    c.open();
    const unwatch = watch(topic);
    return () => {
      unwatch();
      c.close();
    };
  }, [c]);
  const drag = (e: DragEvent) => {
    if (!e.dataTransfer?.types.includes('Files') || !c.canWrite.peek()) return;
    e.preventDefault();
    setDropping(e.type !== 'dragleave' || (e.currentTarget as Element).contains(e.relatedTarget as globalThis.Node | null));
  };
  const drop = (e: DragEvent) => {
    setDropping(false);
    const files = [...(e.dataTransfer?.files ?? [])];
    if (!files.length) return;
    e.preventDefault();
    incoming.current.take?.(files);
  };
  return (
    <div class="column conversation" onDragEnter={drag} onDragOver={drag} onDragLeave={drag} onDrop={drop}>
      {page.chosen.value ? <Selection page={page} /> : <Head page={page} />}
      <Pinned page={page} />
      {c.missing.value ? (
        <Empty icon={<IconWarning size={36} />} title={t('conversation.notFound')} />
      ) : (
        <>
          <MessageList page={page} />
          <Composer page={page} incoming={incoming.current} />
        </>
      )}
      {dropping && <div class="drop-here">{t('composer.drop')}</div>}
      {page.forwarding.value && <Forward page={page} messages={page.forwarding.value} />}
      {page.deleting.value && <Delete page={page} seqs={page.deleting.value} />}
      <Pictures page={page} />
      <News page={page} />
    </div>
  );
}

function Head({ page }: { page: PageState }) {
  const c = page.conversation;
  const known = contact(c.name);
  return (
    <Bar
      before={
        <IconButton class="only-narrow" label={t('common.back')} onClick={() => back()}>
          <IconBack />
        </IconButton>
      }
      after={<HeadTools topic={c.name} />}
    >
      <button type="button" class="conversation-head" onClick={() => go('c', c.name, 'info')}>
        <Avatar id={c.name} name={c.title.value} photo={known?.photo} kind={known?.kind ?? 'user'} size={40} online={known?.online ?? false} />
        <span class="conversation-titles">
          <h1 class="ellipsis">{c.title.value}</h1>
          <span class="conversation-sub ellipsis">{subtitle(page)}</span>
        </span>
      </button>
    </Bar>
  );
}

function subtitle(page: PageState): string {
  const c = page.conversation;
  const typing = c.typing.value;
  const known = contact(c.name);
  if (typing.length) {
    const one = typing[0]!;
    if (c.topic.isP2PType()) return t(one.what === 'kp' ? 'contacts.typing' : 'conversation.recording');
    return typing.length === 1 ? t(one.what === 'kp' ? 'conversation.isTyping' : 'conversation.isRecording', { name: c.authorOf(one.user) }) : t('conversation.areTyping', { n: typing.length });
  }
  if (connection.value !== 'online') return '';
  if (c.topic.isGroupType()) {
    const n = (c.changes.value, c.topic.subcnt ?? 0);
    return n ? t(c.topic.chan || c.topic.isChannelType() ? 'group.subscribers' : 'conversation.members', { n }) : '';
  }
  if (known?.online) return t('contacts.online');
  return known?.seen ? t('contacts.seen', { when: ago(new Date(known.seen)) }) : '';
}

// Selection is the bar while several messages are being chosen.
function Selection({ page }: { page: PageState }) {
  const n = page.chosen.value?.size ?? 0;
  const done = () => (page.chosen.value = null);
  useLayer(done);
  useEscape(done);
  return (
    <Bar
      before={
        <IconButton label={t('common.cancel')} onClick={done}>
          <IconClose />
        </IconButton>
      }
      after={
        <>
          <IconButton label={t('message.copy')} disabled={!n} onClick={() => (void copy(page.messages()), done())}>
            <IconCopy />
          </IconButton>
          <IconButton label={t('message.forward')} disabled={!n} onClick={() => (page.forwarding.value = page.messages())}>
            <IconForwardMessage />
          </IconButton>
          <IconButton label={t('message.delete')} disabled={!n} onClick={() => (page.deleting.value = page.messages().map((m) => m.seq))}>
            <IconTrash />
          </IconButton>
        </>
      }
    >
      <h1 aria-live="polite">{t('message.selected', { n })}</h1>
    </Bar>
  );
}

// Pinned shows one of the pinned messages; a click leads to it and on to the next one.
function Pinned({ page }: { page: PageState }) {
  const c = page.conversation;
  const pins = c.pins.value;
  const [at, setAt] = useState(0);
  useEffect(() => {
    setAt(0);
    if (c.ready.peek()) void c.loadPins();
  }, [pins, c.ready.value]);
  if (!pins.length) return null;
  const shown = [...pins].reverse();
  const seq = shown[at % shown.length]!;
  const m = (c.rows.value, c.timeline.message(seq));
  return (
    <div class="pinned">
      <button
        type="button"
        class="pinned-go"
        onClick={() => {
          void c.jump(seq);
          setAt((at + 1) % shown.length);
        }}
      >
        <IconPin size={18} />
        <span class="pinned-text">
          <strong>{pins.length > 1 ? t('conversation.pinnedOf', { at: (at % shown.length) + 1, n: pins.length }) : t('conversation.pinned')}</strong>
          <span class="ellipsis">{m ? c.line(m) : t('preview.deleted')}</span>
        </span>
      </button>
      {c.canPin.value && (
        <IconButton label={t('message.unpin')} onClick={() => void c.pin(seq, false)}>
          <IconClose size={18} />
        </IconButton>
      )}
    </div>
  );
}

// Pictures of what is loaded, for the viewer.
function Pictures({ page }: { page: PageState }) {
  const key = page.viewing.value;
  const [Viewer, setViewer] = useState<ViewerType | null>(null);
  useEffect(() => {
    if (key && !Viewer) void import('../files/Viewer').then((m) => setViewer(() => m.default));
  }, [key]);
  if (!key || !Viewer) return null;
  const c = page.conversation;
  const shots: Shot[] = c.rows.peek().flatMap((row) => {
    if (row.kind !== 'message') return [];
    return partsOf(row.message.content, row.message.head).media.flatMap((n, i) => {
      const data = n.data ?? {};
      const local = localURL(data);
      if (n.tp !== 'IM' || !(local ?? pictureURL(data))) return [];
      return [{ key: `${row.key}/${i}`, data, local, caption: c.typedForm(row.message).text.slice(0, 1000) }];
    });
  });
  const start = shots.findIndex((s) => s.key === key);
  if (start < 0) return null;
  return <Viewer shots={shots} start={start} onClose={() => (page.viewing.value = null)} />;
}

// News reads out what comes while one looks on.
function News({ page }: { page: PageState }) {
  const c = page.conversation;
  const [text, setText] = useState('');
  useSignalEffect(() => {
    const d = c.announced.value;
    const m = d && c.timeline.message(d.seq);
    if (m) setText(t('message.news', { author: c.authorOf(m.from), text: c.line(m, 200) }));
  });
  return (
    <div class="sr-only" role="log" aria-live="polite">
      {text}
    </div>
  );
}

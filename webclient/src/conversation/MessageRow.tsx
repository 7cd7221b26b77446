import { useMemo } from 'preact/hooks';
import { authorOf, bigEmoji, isSeen, type Node, partsOf, previewText, renderNodes } from '../drafty';
import { Media } from '../files/Media';
import { durationText } from '../files/text';
import { go } from '../app/router';
import { t } from '../i18n';
import { clock, dayName, fullTime } from '../i18n/time';
import { hue, photoOf } from '../model/card';
import { sdk } from '../model/session';
import { Avatar, IconButton, IconCheck, IconChecks, IconClock, IconClose, IconForwardMessage, IconPhone, IconPin, IconVideo, IconWarning, openMenu, Spinner } from '../ui';
import { useHold } from '../ui/hold';
import { isMine, itemsFor } from './actions';
import { localURL } from './content';
import { labels } from './conversation';
import { firstLink, LinkPreview } from './LinkPreview';
import { drop, progressOf, retry } from './outbox';
import type { PageState } from './state';
import type { Message, Row } from './timeline';

export function RowView({ row, page }: { row: Row; page: PageState }) {
  switch (row.kind) {
    case 'day':
      return (
        <div class="day">
          <span>{dayName(row.day)}</span>
        </div>
      );
    case 'unread':
      return (
        <div class="unread-line">
          <span>{t('conversation.unread')}</span>
        </div>
      );
    case 'deleted':
      return (
        <div class="day">
          <span>{t('preview.deleted')}</span>
        </div>
      );
    case 'more':
      return (
        <div class="more">
          <Spinner />
        </div>
      );
    default:
      return <MessageRow row={row} page={page} />;
  }
}

function MessageRow({ row, page }: { row: Extract<Row, { kind: 'message' }>; page: PageState }) {
  const { message: m } = row;
  const c = page.conversation;
  const mine = isMine(m);
  void c.people.value;
  const group = c.topic.isGroupType() && !c.topic.isChannelType();
  const author = mine ? t('message.you') : c.authorOf(m.from);
  const chosen = page.chosen.value;
  const selected = !!chosen?.has(m.seq);
  const active = page.active.value === row.key;
  const menu = (at: Element | { clientX: number; clientY: number }) => {
    const items = itemsFor(m, page);
    if (items.length) openMenu(items, t('message.actions'), at);
  };
  const hold = useHold(menu);
  if (m.head.webrtc) return <CallRow m={m} mine={mine} author={author} rowKey={row.key} active={active} onMenu={menu} hold={hold} />;
  return (
    <article
      class={`message${mine ? ' is-mine' : ''}${row.first ? ' is-first' : ''}${row.last ? ' is-last' : ''}${selected ? ' is-selected' : ''}${page.flash.value === row.key ? ' is-flash' : ''}`}
      aria-label={t('message.label', { author, time: clock(m.ts), text: previewText(m.content, labels(), 200) || t('message.unknown') })}
      tabIndex={active ? 0 : -1}
      data-seq={m.seq || undefined}
      onFocus={(e) => {
        if (e.target === e.currentTarget) page.active.value = row.key;
      }}
      onContextMenu={(e) => {
        const at = e.target as Element;
        if (at.closest('a[href]:not(.file), input') || String(getSelection())) return; // the browser's own menu has more for these
        e.preventDefault();
        menu(e.clientX || e.clientY ? e : (e.currentTarget as Element));
      }}
      {...hold}
      onClickCapture={(e) => {
        if (!chosen || m.seq === 0) return;
        e.preventDefault();
        e.stopPropagation();
        page.toggle(m.seq);
      }}
    >
      {chosen && m.seq > 0 && (
        <span class="message-check" aria-hidden="true">
          {selected && <IconCheck size={16} />}
        </span>
      )}
      {group && !mine && (
        <span class="message-avatar">{row.last && <Avatar id={m.from ?? ''} name={author} photo={photoOf(c.topic.userDesc(m.from ?? '')?.public, (p) => sdk().authorizeURL(p))} size={32} />}</span>
      )}
      <Bubble m={m} page={page} author={group && !mine && row.first ? author : ''} />
    </article>
  );
}

function Bubble({ m, page, author }: { m: Message; page: PageState; author: string }) {
  const parts = useMemo(() => partsOf(m.content, m.head), [m.content]);
  const big = bigEmoji(parts.rest) && !parts.media.length && !parts.quote;
  const link = useMemo(() => firstLink(parts.rest), [parts]);
  const media = (node: Node, key: number) => {
    const at = parts.media.indexOf(node);
    return <Media key={key} node={node} local={localURL(node.data)} onOpen={() => (page.viewing.value = `${m.key}/${at}`)} />;
  };
  const shows = isSeen(parts.rest);
  const onlyPicture = parts.media.length > 0 && parts.media.every((n) => n.tp === 'IM' || n.tp === 'VD') && !shows;
  return (
    <div class={`bubble${big ? ' is-big' : ''}${onlyPicture ? ' is-picture' : ''}`}>
      {author && (
        <button type="button" class={`bubble-author hue-${hue(m.from ?? '')}`} onClick={() => m.from && go('c', m.from)}>
          {author}
        </button>
      )}
      {!!m.head.forwarded && (
        <span class="bubble-forwarded">
          <IconForwardMessage size={14} />
          {t('message.forwardedFrom', { name: authorOf(parts.author) || t('common.nobody') })}
        </span>
      )}
      {!!m.head.reply && <Quote m={m} fallback={parts.quote} page={page} />}
      {parts.media.map(media)}
      {shows && (
        <div class="bubble-text" dir="auto">
          {renderNodes(parts.rest, {
            media,
            me: page.conversation.timeline.me,
            onMention: (user) => user !== page.conversation.timeline.me && go('c', user),
            onButton: (_, title) => void page.conversation.write(title, new Map(), [], undefined),
          })}
        </div>
      )}
      {!shows && !parts.media.length && <div class="bubble-text is-nothing">{t('message.unknown')}</div>}
      {link && <LinkPreview url={link} />}
      <Foot m={m} page={page} />
      {m.pending?.state === 'uploading' && <Progress uid={m.uid ?? ''} />}
    </div>
  );
}

// Quote is what is replied to: as it is now, or as it was then if it is not here.
function Quote({ m, fallback, page }: { m: Message; fallback: Node | undefined; page: PageState }) {
  const c = page.conversation;
  const seq = Number(String(m.head.reply).replace(/^.*:/, ''));
  const original = Number.isSafeInteger(seq) ? c.timeline.message(seq) : undefined;
  const lines = (fallback?.children ?? []).filter((n) => n.tp !== 'BR');
  const author = original ? (isMine(original) ? t('message.you') : c.authorOf(original.from)) : previewText({ txt: textOf(lines[0]) }, labels(), 40);
  const line = original ? c.line(original) : previewText({ txt: lines.slice(1).map(textOf).join(' ') }, labels());
  const jump = () => {
    void c.jump(seq).then((found) => {
      if (!found) page.flash.value = '';
    });
  };
  return (
    <button type="button" class={`quote hue-${hue(original?.from ?? author)}`} onClick={jump}>
      <span class="quote-author">{author}</span>
      <span class="quote-text">{line || t('preview.deleted')}</span>
    </button>
  );
}
const textOf = (n: Node | undefined): string => (n ? (n.text ?? '') + (n.children ?? []).map(textOf).join('') : '');

function Foot({ m, page }: { m: Message; page: PageState }) {
  const pinned = m.seq > 0 && page.conversation.pins.value.includes(m.seq);
  return (
    <span class="bubble-foot">
      {pinned && <IconPin size={13} />}
      {m.edited && <span>{t('message.edited')}</span>}
      <time dateTime={m.ts.toISOString()} title={fullTime(m.ts)}>
        {clock(m.ts)}
      </time>
      {isMine(m) && <Mark m={m} page={page} />}
    </span>
  );
}

// Mark is how far a message of ours has come.
function Mark({ m, page }: { m: Message; page: PageState }) {
  const c = page.conversation;
  const state = m.pending?.state;
  if (state === 'failed') {
    return (
      <span class="mark is-failed">
        <IconWarning size={15} />
        <span>{m.pending?.error || t('message.failed')}</span>
        <button type="button" onClick={() => retry(m.pending!.uid)}>
          {t('common.retry')}
        </button>
        <button type="button" onClick={() => void drop(m.pending!.uid)}>
          {t('common.remove')}
        </button>
      </span>
    );
  }
  if (state) return mark(<IconClock size={14} />, t(state === 'queued' ? 'message.queued' : 'message.sending'));
  if (c.topic.isSelfType() || c.topic.isChannelType()) return mark(<IconCheck size={15} />, t('message.sent'));
  if (c.read.value >= m.seq) return mark(<IconChecks size={16} class="is-read" />, t('message.read'));
  if (c.received.value >= m.seq) return mark(<IconChecks size={16} />, t('message.received'));
  return mark(<IconCheck size={15} />, t('message.sent'));
}
const mark = (icon: preact.ComponentChildren, label: string) => (
  <span class="mark" title={label}>
    {icon}
    <span class="sr-only">{label}</span>
  </span>
);

function Progress({ uid }: { uid: string }) {
  const part = progressOf(uid).value;
  return (
    <div class="upload">
      <progress max={1} value={part} aria-label={t('files.uploading')} />
      <span>{Math.round(part * 100)} %</span>
      <IconButton label={t('message.cancel')} onClick={() => void drop(uid)}>
        <IconClose size={18} />
      </IconButton>
    </div>
  );
}

const callTexts = { started: 'call.started', accepted: 'call.accepted', finished: 'call.finished', missed: 'call.missed', declined: 'call.declined', busy: 'call.busy', disconnected: 'call.disconnected' } as const;

function CallRow({ m, mine, author, rowKey, active, onMenu, hold }: { m: Message; mine: boolean; author: string; rowKey: string; active: boolean; onMenu: (at: Element) => void; hold: ReturnType<typeof useHold> }) {
  const state = String(m.head.webrtc) as keyof typeof callTexts;
  const text = t(mine && state === 'missed' ? 'call.noAnswer' : callTexts[Object.hasOwn(callTexts, state) ? state : 'started']);
  const duration = Number(m.head['webrtc-duration']);
  return (
    <article
      class={`message is-first is-last${mine ? ' is-mine' : ''}`}
      data-call={m.seq}
      data-row={rowKey}
      tabIndex={active ? 0 : -1}
      aria-label={t('message.label', { author, time: clock(m.ts), text })}
      onContextMenu={(e) => {
        e.preventDefault();
        onMenu(e.currentTarget);
      }}
      {...hold}
    >
      <div class={`bubble bubble-call${state === 'missed' || state === 'declined' ? ' is-bad' : ''}`}>
        {m.head.aonly ? <IconPhone size={20} /> : <IconVideo size={20} />}
        <span>{text}</span>
        {duration > 0 && <span>{durationText(duration)}</span>}
        <time dateTime={m.ts.toISOString()}>{clock(m.ts)}</time>
      </div>
    </article>
  );
}


import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Tinode } from 'tinode-sdk';
import { link } from '../app/router';
import { language, t } from '../i18n';
import { ago, fullTime, shortTime } from '../i18n/time';
import { fetchLast } from '../model/chats';
import type { Contact, Last } from '../model/contacts';
import { online } from '../model/session';
import { Avatar, Badge, IconButton, IconCheck, IconChecks, IconClock, IconMore, IconMute, IconPin, IconWarning } from '../ui';
import { useHold } from '../ui/hold';
import { openMenuOf } from './actions';

// Row is one conversation. It is drawn again only if something in it changed.
export function Row({ contact: c, open, stop }: { contact: Contact; open: boolean; stop: boolean }) {
  const ref = useRef<HTMLLIElement>(null);
  useVisible(ref, () => void fetchLast(c.name), c.stale && online.value > 0);
  const inner = useMemo(() => <Inner c={c} />, [c, language.value]);
  const hold = useHold((at) => openMenuOf(c, at));
  return (
    <li
      ref={ref}
      class="row-item"
      onContextMenu={(e) => {
        e.preventDefault();
        // The key for menus makes an event without a place.
        const byKey = e.clientX === 0 && e.clientY === 0;
        openMenuOf(c, byKey ? (e.target as Element) : e);
      }}
      {...hold}
    >
      <a
        class="row"
        href={link('c', c.name)}
        aria-current={open ? 'page' : undefined}
        tabIndex={stop ? 0 : -1}
        draggable={false}
      >
        {inner}
      </a>
      <IconButton class="row-more" label={t('contacts.actions', { name: c.title })} tabIndex={-1} aria-haspopup="menu" onClick={(e) => openMenuOf(c, e.currentTarget)}>
        <IconMore size={18} />
      </IconButton>
    </li>
  );
}

// timeOf is when the newest message was written: edits of older ones touch a conversation too.
const timeOf = (c: Contact): number => (c.last?.ts && !c.stale ? c.last.ts : c.touched);

function Inner({ c }: { c: Contact }) {
  const when = new Date(timeOf(c));
  return (
    <>
      <Avatar id={c.name} name={c.title} photo={c.photo} kind={c.kind} online={c.online} size={48} />
      <span class="row-text">
        <span class="row-line">
          <span class="row-title ellipsis">{c.title}</span>
          {c.online && <span class="sr-only">, {t('contacts.online')}, </span>}
          {c.muted && <Mark label={t('contacts.muted')} icon={<IconMute size={15} />} />}
          {when.getTime() > 0 && (
            <time class="row-time" dateTime={when.toISOString()} title={fullTime(when)}>
              {shortTime(when)}
            </time>
          )}
        </span>
        <span class="row-line row-second">
          {c.typing ? (
            <span class="row-typing ellipsis">{c.kind === 'user' ? t('contacts.typing') : t('conversation.isTyping', { name: c.typing })}</span>
          ) : (
            <Preview c={c} />
          )}
          {c.pinned > 0 && <Mark label={t('contacts.pinned')} icon={<IconPin size={15} />} />}
          {c.unread > 0 && <Badge n={c.unread} quiet={c.muted} label={t('contacts.unread', { n: c.unread })} />}
        </span>
      </span>
    </>
  );
}

function Mark({ label, icon }: { label: string; icon: preact.ComponentChildren }) {
  return (
    <span class="row-mark" title={label}>
      {icon}
      <span class="sr-only">{label}</span>
    </span>
  );
}

function Preview({ c }: { c: Contact }) {
  const { last } = c;
  if (!last) return <span class="row-preview ellipsis">{c.kind === 'user' && !c.online && c.seen ? t('contacts.seen', { when: ago(new Date(c.seen)) }) : ''}</span>;
  return (
    <>
      {last.mine && c.kind !== 'self' && <Status last={last} />}
      <span class="row-preview ellipsis">
        {last.author && <b>{t('common.about', { name: last.author, text: '' })}</b>}
        {last.text}
      </span>
    </>
  );
}

// Status is how far the user's own last message has come.
function Status({ last }: { last: Last }) {
  const s = last.status;
  if (s === Tinode.MESSAGE_STATUS_FAILED || s === Tinode.MESSAGE_STATUS_FATAL) return <span class="row-status row-failed"><IconWarning size={16} /></span>;
  if (s < Tinode.MESSAGE_STATUS_SENT) return <span class="row-status"><IconClock size={15} /></span>;
  if (s === Tinode.MESSAGE_STATUS_SENT) return <span class="row-status"><IconCheck size={16} /></span>;
  return <span class={`row-status${s === Tinode.MESSAGE_STATUS_READ ? ' row-read' : ''}`}><IconChecks size={17} /></span>;
}

// One observer for all rows: asking for a last message only of those that can
// be seen.
const seen = new WeakMap<Element, () => void>();
const observer = new IntersectionObserver((entries) => {
  for (const e of entries) if (e.isIntersecting) seen.get(e.target)?.();
});

function useVisible(ref: { current: Element | null }, act: () => void, wanted: boolean): void {
  useEffect(() => {
    const el = ref.current;
    if (!el || !wanted) return;
    seen.set(el, act);
    observer.observe(el);
    return () => {
      observer.unobserve(el);
      seen.delete(el);
    };
  }, [wanted]);
}

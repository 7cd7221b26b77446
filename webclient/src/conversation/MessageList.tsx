import { useSignalEffect } from '@preact/signals';
import { useCallback, useEffect, useRef } from 'preact/hooks';
import { type Node, partsOf } from '../drafty';
import { heightOf } from '../files/Media';
import { t } from '../i18n';
import { Badge, IconButton, IconDown, Loading, openMenu } from '../ui';
import { itemsFor, keyOn } from './actions';
import { RowView } from './MessageRow';
import type { PageState } from './state';
import type { Row } from './timeline';
import { type View, VirtualList } from './VirtualList';

// The messages of a conversation: loads more at both ends, reports what was read, takes
// keys, jumps.
export function MessageList({ page }: { page: PageState }) {
  const c = page.conversation;
  const list = useRef<VirtualList<Row>>(null);
  const view = useRef<View>({ first: 0, last: -1, atEnd: true });
  const rows = c.rows.value;

  const looked = useRef(false); // view is what is in sight
  const report = useCallback(() => {
    if (!looked.current || !c.settled.peek() || c.goal.peek() || document.hidden || !document.hasFocus()) return;
    const { last, atEnd } = view.current;
    // At the end everything was seen: deleted messages and edits too, which are no rows.
    if (atEnd && c.newest.peek()) return c.seen(c.last.peek());
    for (let i = Math.min(last, c.rows.peek().length - 1); i >= 0; i--) {
      const row = c.rows.peek()[i];
      if (row?.kind === 'message' && row.message.seq > 0) return c.seen(row.message.seq);
    }
  }, [c]);
  // Rows are where they stay once they were measured.
  const soon = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const reportSoon = useCallback(() => {
    soon.current ??= setTimeout(() => {
      soon.current = undefined;
      report();
    }, 50);
  }, [report]);
  useEffect(
    () => () => {
      if (soon.current === undefined) return;
      clearTimeout(soon.current);
      report(); // he goes on at once, and has seen it even so
    },
    [report],
  );
  // What comes without a change of the view, such as an edit.
  useSignalEffect(() => {
    if (c.settled.value && c.last.value && c.newest.value) reportSoon();
  });
  // fill loads more while an end is near that is not the end. It asks again after a page, and
  // after a failure a little later: nobody scrolls at the top any further.
  const again = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const fill = useCallback(() => {
    const { first, last } = view.current;
    const all = c.rows.peek();
    const retry = (came: boolean) => {
      clearTimeout(again.current);
      again.current = setTimeout(fill, came ? 50 : 1_500);
    };
    if (first <= 12 && all[0]?.kind === 'more') void c.older().then(retry);
    if (last >= all.length - 12 && all.at(-1)?.kind === 'more' && all.length > 1) void c.newer().then(retry);
  }, [c]);
  useEffect(() => () => clearTimeout(again.current), []);
  const look = useCallback(
    (v: View) => {
      const was = view.current;
      view.current = v;
      looked.current = true;
      fill();
      if (was.atEnd !== v.atEnd) button.current?.classList.toggle('is-hidden', v.atEnd && c.newest.peek());
      reportSoon();
    },
    [c, reportSoon],
  );
  const button = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const again = () => report();
    document.addEventListener('visibilitychange', again);
    addEventListener('focus', again);
    return () => {
      document.removeEventListener('visibilitychange', again);
      removeEventListener('focus', again);
    };
  }, [report]);

  // Jumps: the row may have come with the rows that are drawn right now.
  const goal = c.goal.value;
  useEffect(() => {
    if (!goal) return;
    list.current?.scrollTo(goal.key, goal.key === 'unread' ? 'start' : 'center');
    c.goal.value = null;
    reportSoon();
    if (!goal.flash) return;
    page.flash.value = goal.key;
    setTimeout(() => page.flash.peek() === goal.key && (page.flash.value = ''), 1_800);
  }, [goal]);

  // What the user sends is always seen.
  useSignalEffect(() => {
    const last = c.rows.value.at(-1);
    if (last?.kind === 'message' && last.message.pending && last.key !== sentKey.current) {
      sentKey.current = last.key;
      queueMicrotask(() => list.current?.scrollToEnd());
    }
  });
  const sentKey = useRef('');
  // Who has the end in sight goes on having it, also if it came into sight by a jump.
  useSignalEffect(() => {
    if (c.announced.value && view.current.atEnd && c.newest.peek() && !c.goal.peek()) list.current?.scrollToEnd();
  });

  const focusRow = (key: string) => {
    page.active.value = key;
    list.current?.scrollTo(key, 'center');
    requestAnimationFrame(() => list.current?.elementOf(key)?.querySelector<HTMLElement>('article')?.focus({ preventScroll: true }));
  };
  const keys = (e: KeyboardEvent) => {
    const target = e.target as HTMLElement;
    const inRow = target.tagName === 'ARTICLE';
    const onList = target === e.currentTarget;
    if (!inRow && !onList) {
      if (e.key === 'Escape') target.closest<HTMLElement>('article')?.focus();
      return;
    }
    const messages = c.rows.peek().flatMap((r) => (r.kind === 'message' ? [r] : []));
    const now = messages.findIndex((r) => r.key === page.active.peek());
    const step = { ArrowUp: -1, ArrowDown: 1 }[e.key];
    if (step && messages.length) {
      e.preventDefault();
      const visible = c.rows.peek()[view.current.last];
      const from = inRow && now >= 0 ? now + step : visible?.kind === 'message' ? messages.indexOf(visible) : messages.length - 1;
      focusRow(messages[Math.max(0, Math.min(messages.length - 1, from))]!.key);
      return;
    }
    if (e.key === 'End') {
      e.preventDefault();
      return void newest();
    }
    if (e.key === 'Escape') {
      if (!page.chosen.peek()) page.focusComposer();
      return;
    }
    const row = messages[now];
    if (!inRow || !row) return;
    if (e.key === 'Enter' || e.key === 'ContextMenu' || (e.key === 'F10' && e.shiftKey)) {
      e.preventDefault();
      if (page.chosen.peek()) page.toggle(row.message.seq);
      else openMenu(itemsFor(row.message, page), t('message.actions'), target.querySelector('.bubble') ?? target);
      return;
    }
    if (keyOn(e, row.message, page)) e.preventDefault();
  };

  const newest = async () => {
    await c.toNewest();
    setTimeout(() => list.current?.scrollToEnd());
  };
  const render = useCallback((row: Row) => <RowView row={row} page={page} />, [page]);
  if (!c.ready.value && !rows.some((r) => r.kind === 'message')) return <Loading />;
  const unseen = c.timeline.countAfter(c.topic.read ?? 0);
  return (
    <div class="messages-frame">
      {c.ready.value && !rows.length && <p class="messages-none">{t('conversation.none')}</p>}
      <VirtualList handle={list} items={rows} render={render} estimate={estimate} label={t('conversation.messages')} onView={look} onKeyDown={keys} />
      <div ref={button} class={`to-newest${view.current.atEnd && c.newest.value ? ' is-hidden' : ''}`}>
        <IconButton label={t('conversation.toNewest')} onClick={() => void newest()}>
          <IconDown />
        </IconButton>
        {unseen > 0 && (c.changes.value, (<Badge n={unseen} label={t('contacts.unread', { n: unseen })} />))}
      </div>
    </div>
  );
}

// estimate is the height of a row before it was drawn, px.
function estimate(row: Row): number {
  if (row.kind !== 'message') return 44;
  const m = row.message;
  const parts = partsOf(m.content, m.head);
  const letters = lengthOf(parts.rest);
  const lines = letters ? Math.ceil(letters / 48) : 0;
  return (row.first ? 10 : 3) + 20 + lines * 22 + (m.head.reply ? 52 : 0) + parts.media.reduce((sum, n) => sum + heightOf(n), 0) + (lines ? 0 : 16);
}
const lengthOf = (nodes: Node[]): number => nodes.reduce((sum, n) => sum + (n.tp === 'BR' ? 40 : 0) + (n.text?.length ?? 0) + lengthOf(n.children ?? []), 0);


import { computed, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n';
import { connection, openTopic } from '../model/session';
import { unreadChats } from '../model/contacts';
import { product } from '../model/server';
import { Empty, IconChat } from '../ui';
import { ConnectionBar } from './ConnectionBar';
import { columnsOf, features, loadEarly, type Match } from './features';
import { Lazy } from './Lazy';
import { path } from './router';
import './shell.css';

const columns = computed(() => columnsOf(path.value));
// What a phone shows. The list belongs to every path and is in front if nothing
// else is.
const front = computed(() => (columns.value.panel ? 'panel' : columns.value.main ? 'main' : 'side'));

// narrow is when shell.css shows one column at a time.
const query = matchMedia('(max-width: 44rem)');
export const narrow = signal(query.matches);
query.addEventListener('change', () => (narrow.value = query.matches));

// Shell is the page of somebody who is logged in: list, conversation, panel.
export function Shell() {
  const { side, panel } = columns.value;
  // A conversation stays where it is while the list beside it makes room for
  // something else, such as a search for people.
  const last = useRef<Match | undefined>(undefined);
  const aside = !columns.value.main && !narrow.value && side?.place.path !== '';
  const main = aside ? last.current : columns.value.main;
  last.current = main?.place.path === 'c/:topic' ? main : undefined;
  const topic = main?.params.topic ?? '';
  useEffect(() => {
    openTopic.value = topic;
    return () => {
      openTopic.value = '';
    };
  }, [topic]);
  useEffect(() => {
    const n = unreadChats.value;
    document.title = n > 0 ? `(${n}) ${product()}` : product();
  }, [unreadChats.value]);
  useEffect(loadEarly, []);
  useEffect(
    () => () => {
      document.title = product();
    },
    [],
  );
  // The one column that can be seen is what the page is about.
  const role = (column: 'side' | 'panel') => (narrow.value && front.value === column ? 'main' : column === 'side' ? 'navigation' : 'complementary');
  return (
    <div class="shell" data-front={front.value} data-panel={panel ? '' : undefined} data-connection={connection.value}>
      <a class="skip" href="#main" onClick={skip}>
        {t('shell.skip')}
      </a>
      <div class="side" role={role('side')} aria-label={t((side?.place.label ?? 'shell.chats') as 'shell.chats')}>
        <ConnectionBar />
        {side && <Lazy key={side.place} {...side} />}
      </div>
      <main class="main" id="main" tabIndex={-1} aria-label={t((main?.place.label ?? 'shell.conversation') as 'shell.conversation')}>
        {main ? (
          <Lazy key={main.place} {...main} />
        ) : (
          <Empty icon={<IconChat size={40} />} title={t('contacts.pick')} text={t('contacts.pickText')} />
        )}
      </main>
      {panel && (
        <div class="panel" role={role('panel')} aria-label={t('shell.details')}>
          <Lazy key={panel.place} {...panel} />
        </div>
      )}
      {features.map((f, i) => f.overlay && <f.overlay key={i} />)}
    </div>
  );
}

// skip leads the keyboard past the list; the address must not change.
function skip(e: Event): void {
  e.preventDefault();
  document.getElementById('main')?.focus();
}

import { computed, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { back, go, path } from '../app/router';
import { t } from '../i18n';
import { archived, contacts, contactsLoaded, matching, type Contact } from '../model/contacts';
import { whenIn } from '../model/session';
import { Bar, Button, Empty, IconArchive, IconBack, IconButton, IconChat, IconForward, IconNewChat, IconSearch, Loading, SearchField } from '../ui';
import { AccountMenu } from './AccountMenu';
import { Row } from './Row';
import { wanted } from './wanted';
import './contacts.css';

const query = signal('');
const found = computed(() => matching([...contacts.value, ...archived.value], query.value));
const open = computed(() => (path.value[0] === 'c' ? (path.value[1] ?? '') : ''));

whenIn(() => () => {
  query.value = '';
});

// ContactList is the first page: all conversations, and a search in them.
export function ContactList() {
  const searching = query.value.trim() !== '';
  return (
    <div class="column">
      <Bar
        title={t('contacts.title')}
        before={<AccountMenu />}
        after={
          <IconButton label={t('contacts.new')} onClick={() => go('new')}>
            <IconNewChat />
          </IconButton>
        }
      />
      <div class="contacts-search">
        <SearchField label={t('contacts.search')} value={query.value} onValue={(v) => (query.value = v)} onKeyDown={intoList} />
      </div>
      {searching ? <Results /> : <All />}
    </div>
  );
}

function All() {
  const list = contacts.value;
  const away = archived.value;
  if (list.length === 0 && away.length === 0) {
    if (!contactsLoaded.value) return <Loading />;
    return (
      <Empty icon={<IconChat size={40} />} title={t('contacts.empty')} text={t('contacts.emptyText')}>
        <Button kind="primary" onClick={() => go('new')}>
          {t('contacts.new')}
        </Button>
        <Button kind="plain" onClick={() => go('invite')}>
          {t('new.invite')}
        </Button>
      </Empty>
    );
  }
  return (
    <Rows list={list}>
      {away.length > 0 && (
        <li>
          <button type="button" class="row row-archive" tabIndex={-1} onClick={() => go('archived')}>
            <span class="row-icon">
              <IconArchive />
            </span>
            <span class="row-title">{t('contacts.archivedCount', { n: away.length })}</span>
            <IconForward size={18} />
          </button>
        </li>
      )}
    </Rows>
  );
}

function Results() {
  const list = found.value;
  const elsewhere = () => {
    wanted.value = query.peek().trim();
    go('new');
  };
  if (list.length === 0) {
    return (
      <Empty icon={<IconSearch size={36} />} title={t('contacts.nothing')} text={t('contacts.nothingText', { query: query.value.trim() })}>
        <Button onClick={elsewhere}>{t('contacts.elsewhere')}</Button>
      </Empty>
    );
  }
  return (
    <Rows list={list}>
      <li class="rows-more">
        <Button kind="plain" wide onClick={elsewhere}>
          {t('contacts.elsewhere')}
        </Button>
      </li>
    </Rows>
  );
}

// Archive is the list of what was put away.
export function Archive() {
  const list = archived.value;
  return (
    <div class="column">
      <Bar
        title={t('contacts.archived')}
        before={
          <IconButton label={t('common.back')} onClick={() => back()}>
            <IconBack />
          </IconButton>
        }
      />
      {list.length === 0 ? (
        <Empty icon={<IconArchive size={36} />} title={t('contacts.archiveEmpty')} text={t('contacts.archiveEmptyText')} />
      ) : (
        <Rows list={list} />
      )}
    </div>
  );
}

// Rows is a list in which the arrow keys move, so that one press of Tab leads
// past it. The entry with tabIndex 0 is the one that Tab comes to.
function Rows({ list, children }: { list: Contact[]; children?: preact.ComponentChildren }) {
  const ref = useRef<HTMLUListElement>(null);
  const stop = list.some((c) => c.name === open.value) ? open.value : (list[0]?.name ?? '');
  useEffect(() => {
    // With nothing but buttons in the list, the first one takes the place.
    if (!stop) ref.current?.querySelector<HTMLElement>('.row')?.setAttribute('tabindex', '0');
  }, [stop]);
  return (
    <ul ref={ref} class="scroll rows" onKeyDown={moveInRows}>
      {list.map((c) => (
        <Row key={c.name} contact={c} open={c.name === open.value} stop={c.name === stop} />
      ))}
      {children}
    </ul>
  );
}

export function moveInRows(e: KeyboardEvent): void {
  const list = e.currentTarget as HTMLElement;
  const all = [...list.querySelectorAll<HTMLElement>('.row')];
  const now = all.findIndex((row) => row === document.activeElement);
  if (now < 0) return;
  const to: { [key: string]: number } = { ArrowDown: Math.min(now + 1, all.length - 1), ArrowUp: Math.max(now - 1, 0), Home: 0, End: all.length - 1 };
  const next = to[e.key];
  if (next === undefined) return;
  e.preventDefault();
  all[next]?.focus();
}

// intoList leads from the search field to what was found.
export function intoList(e: KeyboardEvent): void {
  const from = e.currentTarget as HTMLElement;
  const first = from.closest('.column')?.querySelector<HTMLElement>('.rows .row');
  if (!first) return;
  if (e.key === 'ArrowDown') {
    e.preventDefault();
    first.focus();
  } else if (e.key === 'Enter') {
    e.preventDefault();
    first.click();
  }
}

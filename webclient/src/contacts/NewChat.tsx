import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { entries } from '../app/features';
import { back, go, link, replace } from '../app/router';
import { t } from '../i18n';
import { explain } from '../model/problem';
import { find, seed, type Found } from '../model/search';
import { Avatar, Banner, Bar, Empty, IconBack, IconButton, IconForward, IconSearch, Loading, SearchField } from '../ui';
import { intoList, moveInRows } from './ContactList';
import { wanted } from './wanted';

const pause = 350; // ms after the last key
const status = signal('');

// NewChat looks for people and groups on the server, and has the other ways to
// begin a conversation.
export default function NewChat() {
  const [query, setQuery] = useState(wanted.peek());
  const [found, setFound] = useState<Found[] | null>(null);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const last = useRef(0);
  const field = useRef<HTMLDivElement>(null);
  useEffect(() => {
    wanted.value = '';
    field.current?.querySelector('input')?.focus();
  }, []);
  useEffect(() => {
    const text = query.trim();
    const turn = ++last.current;
    if ([...text].length < 2) {
      setFound(null);
      setBusy(false);
      return;
    }
    setBusy(true);
    const timer = setTimeout(() => {
      find(text)
        .then(
          (list) => {
            if (turn !== last.current) return;
            setFault('');
            setFound(list);
            status.value = list.length > 0 ? t('new.results', { n: list.length }) : t('new.none');
          },
          (e) => {
            if (turn !== last.current) return;
            setFault(explain(e));
            setFound(null);
          },
        )
        .finally(() => turn === last.current && setBusy(false));
    }, pause);
    return () => clearTimeout(timer);
  }, [query]);
  return (
    <div class="column">
      <Bar
        title={t('new.title')}
        before={
          <IconButton label={t('common.back')} onClick={() => back()}>
            <IconBack />
          </IconButton>
        }
      />
      <div class="contacts-search" ref={field}>
        <SearchField label={t('new.search')} value={query} onValue={setQuery} onKeyDown={intoList} />
      </div>
      <div class="sr-only" role="status">
        {status.value}
      </div>
      {fault && (
        <div class="contacts-fault">
          <Banner>{fault}</Banner>
        </div>
      )}
      {found ? <Results list={found} /> : busy ? <Loading /> : <Ways />}
    </div>
  );
}

function Ways() {
  return (
    <div class="scroll">
      <ul class="rows" onKeyDown={moveInRows}>
        {entries('new').map((e) => (
          <li key={e.label}>
            <button type="button" class="row" onClick={() => (e.to[0] === 'new' ? replace : go)(...e.to)}>
              <span class="row-icon">
                <e.icon />
              </span>
              <span class="row-title">{t(e.label as 'new.invite')}</span>
              <IconForward size={18} />
            </button>
          </li>
        ))}
      </ul>
      <p class="contacts-hint">{t('new.hint')}</p>
    </div>
  );
}

function Results({ list }: { list: Found[] }) {
  if (list.length === 0) return <Empty icon={<IconSearch size={36} />} title={t('new.none')} text={t('new.noneText')} />;
  return (
    <ul class="scroll rows" onKeyDown={moveInRows}>
      {list.map((f, i) => (
        <li key={f.name}>
          <a class="row" href={link('c', f.name)} tabIndex={i === 0 ? 0 : -1} onClick={(e) => open(e, f)}>
            <Avatar id={f.name} name={f.title} photo={f.photo} kind={f.kind} size={44} />
            <span class="row-text">
              <span class="row-title ellipsis">{f.title}</span>
              <span class="row-preview ellipsis">{about(f)}</span>
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

// The way back from a conversation, or from making a group, is to the list: this
// page is done with.
function open(e: MouseEvent, f: Found): void {
  seed(f);
  if (e.ctrlKey || e.metaKey || e.shiftKey) return; // a tab or window of its own
  e.preventDefault();
  replace('c', f.name);
}

function about(f: Found): string {
  const tags = f.tags.map((tag) => tag.replace(/^(basic|alias):/, '@').replace(/^(email|tel):/, '')).join(', ');
  if (f.kind === 'user') return tags;
  const kind = t(f.kind === 'channel' ? 'new.channel' : 'new.group');
  return f.members > 0 ? `${kind}, ${t('new.members', { n: f.members })}` : kind;
}

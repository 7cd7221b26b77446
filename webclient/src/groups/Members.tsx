import { useMemo, useState } from 'preact/hooks';
import { go, link } from '../app/router';
import { t } from '../i18n';
import { myID } from '../model/session';
import { intoList } from '../contacts/ContactList';
import { Avatar, Empty, IconButton, IconSearch, IconUserPlus, Loading, SearchField } from '../ui';
import type { InfoProps } from './InfoPage';
import { inside, membersOf, searchMembers, type Member } from './members';
import { newsOf } from './news';
import { PanelBar } from './parts';
import { useTopic } from './topic';
import { VirtualRows } from './Virtual';

// Members lists who takes part, with a search.
export function Members({ name }: InfoProps) {
  const { topic, loaded } = useTopic(name);
  const [query, setQuery] = useState('');
  const news = newsOf(name).value;
  const all = useMemo(() => inside(membersOf(topic)), [topic, news, loaded]);
  const list = useMemo(() => searchMembers(all, query), [all, query]);
  const title = t(topic.chan ? 'group.authors' : 'group.members');
  // The server lists so many at most (store_config.max_results).
  const more = topic.chan ? 0 : (topic.subcnt ?? 0) - all.length;
  return (
    <div class="column">
      <PanelBar
        title={title}
        name={name}
        after={
          topic.acs?.isSharer() ? (
            <IconButton label={t(topic.chan ? 'group.addAuthors' : 'group.invite')} onClick={() => go('c', name, 'info', 'invite')}>
              <IconUserPlus />
            </IconButton>
          ) : undefined
        }
      />
      <div class="contacts-search">
        <SearchField label={t('group.searchMembers')} value={query} onValue={setQuery} onKeyDown={intoList} />
      </div>
      <div class="sr-only" role="status">
        {query ? t('new.results', { n: list.length }) : ''}
      </div>
      {loaded && more > 0 && all.length >= 1000 && <p class="contacts-hint">{t('group.membersCut', { n: all.length, all: topic.subcnt ?? 0 })}</p>}
      {list.length > 0 ? (
        <VirtualRows items={list} keyOf={(m) => m.uid} label={title} render={(m, stop) => <MemberRow m={m} topic={name} stop={stop} />} />
      ) : loaded ? (
        <Empty icon={<IconSearch size={36} />} title={t('new.none')} />
      ) : (
        <Loading />
      )}
    </div>
  );
}

const marks = { owner: 'group.owner', admin: 'group.admin', member: '', reader: 'group.reader', waiting: 'group.waiting', away: '', banned: 'group.bannedOne' } as const;

export function MemberRow({ m, topic, stop }: { m: Member; topic: string; stop: boolean }) {
  const mine = m.uid === myID.value;
  const mark = m.offered === 'owner' ? 'group.ownerOffered' : m.offered === 'admin' ? 'group.adminOffered' : marks[m.role];
  return (
    <a class="row member" href={link('c', topic, 'info', 'member', m.uid)} tabIndex={stop ? 0 : -1} draggable={false}>
      <Avatar id={m.uid} name={m.name} photo={m.photo} size={40} online={m.online} />
      <span class="row-text">
        <span class="row-title ellipsis">{mine ? t('group.you', { name: m.name }) : m.name}</span>
        {(m.online || mark) && (
          <span class="row-preview ellipsis">
            {m.online && t('contacts.online')}
            {m.online && mark && ', '}
            {mark && t(mark)}
          </span>
        )}
      </span>
    </a>
  );
}

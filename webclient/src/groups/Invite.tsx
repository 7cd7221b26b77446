import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { back } from '../app/router';
import { t } from '../i18n';
import { contacts, matching } from '../model/contacts';
import { explain } from '../model/problem';
import { find } from '../model/search';
import { Avatar, Banner, Button, Empty, IconSearch, SearchField, Spinner, toast } from '../ui';
import { invite, inviteSays, refusal } from './actions';
import type { InfoProps } from './InfoPage';
import { PanelBar } from './parts';
import { roleOf } from './roles';
import { useTopic } from './topic';

const pause = 350; // ms after the last key
interface Person {
  uid: string;
  name: string;
  photo: string | undefined;
}

// Invite makes people members: those one knows, and others who are searched for.
export function Invite({ name }: InfoProps) {
  const { topic } = useTopic(name);
  const [query, setQuery] = useState('');
  const [found, setFound] = useState<Person[]>([]);
  const [searching, setSearching] = useState(false);
  const [fault, setFault] = useState('');
  const [chosen, setChosen] = useState<Person[]>([]);
  const [busy, setBusy] = useState(false);
  const turn = useRef(0);
  const known: Person[] = useMemo(
    () => matching(contacts.value.filter((c) => c.kind === 'user'), query).map((c) => ({ uid: c.name, name: c.title, photo: c.photo })),
    [contacts.value, query],
  );
  useEffect(() => {
    const mine = ++turn.current;
    const text = query.trim();
    if ([...text].length < 2) {
      setFound([]);
      setSearching(false);
      return;
    }
    setSearching(true);
    const timer = setTimeout(() => {
      find(text)
        .then((list) => mine === turn.current && (setFault(''), setFound(list.filter((f) => f.kind === 'user').map((f) => ({ uid: f.name, name: f.title, photo: f.photo })))), (e) => mine === turn.current && setFault(explain(e)))
        .finally(() => mine === turn.current && setSearching(false));
    }, pause);
    return () => clearTimeout(timer);
  }, [query]);
  const is = (list: Person[], uid: string) => list.some((p) => p.uid === uid);
  const member = (uid: string) => {
    const sub = topic.subscriber(uid);
    const role = sub && roleOf(sub.acs);
    return !!role && role !== 'waiting';
  };
  const listed = [...chosen, ...known.filter((p) => !is(chosen, p.uid)), ...found.filter((p) => !is(chosen, p.uid) && !is(known, p.uid))];
  // Those who are in already answer a search for them; otherwise they are in the way.
  const shown = [...listed.filter((p) => !member(p.uid)), ...(query.trim() ? listed.filter((p) => member(p.uid)) : [])];
  const choose = (p: Person, on: boolean) => setChosen(on ? [...chosen, p] : chosen.filter((c) => c.uid !== p.uid));
  const add = async () => {
    setBusy(true);
    let done = 0;
    const left: Person[] = [];
    for (const p of chosen) {
      try {
        await invite(topic, p.uid);
        done++;
      } catch (e) {
        left.push(p);
        toast(t('common.about', { name: p.name, text: refusal(e, inviteSays) }));
      }
    }
    setBusy(false);
    setChosen(left);
    if (done > 0) toast(t('group.invited', { n: done }));
    if (left.length === 0) back('c', name, 'info');
  };
  return (
    <div class="column">
      <PanelBar title={t(topic.chan ? 'group.addAuthors' : 'group.invite')} name={name} />
      <div class="contacts-search">
        <SearchField label={t('new.search')} value={query} onValue={setQuery} />
      </div>
      {fault && (
        <div class="contacts-fault">
          <Banner>{fault}</Banner>
        </div>
      )}
      {shown.length > 0 ? (
        <ul class="scroll picks" aria-label={t('group.people')}>
          {shown.map((p) => {
            const already = member(p.uid);
            return (
              <li key={p.uid}>
                <label class="pick">
                  <input type="checkbox" checked={already || is(chosen, p.uid)} disabled={already || busy} onChange={(e) => choose(p, e.currentTarget.checked)} />
                  <Avatar id={p.uid} name={p.name} photo={p.photo} size={40} />
                  <span class="pick-name">
                    {p.name}
                    {already && <span class="field-hint">{t('group.already')}</span>}
                  </span>
                </label>
              </li>
            );
          })}
        </ul>
      ) : (
        <Empty icon={searching ? <Spinner /> : <IconSearch size={36} />} title={t(query ? 'new.none' : 'group.searchPeople')} text={t(query ? 'new.noneText' : 'group.searchPeopleText')} />
      )}
      <div class="panel-foot">
        <Button kind="primary" wide busy={busy} disabled={chosen.length === 0} onClick={() => void add()}>
          {chosen.length > 0 ? t('group.addCount', { n: chosen.length }) : t('group.choosePeople')}
        </Button>
      </div>
    </div>
  );
}

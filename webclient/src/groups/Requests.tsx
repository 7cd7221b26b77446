import { useState } from 'preact/hooks';
import { t } from '../i18n';
import { Avatar, Button, Empty, IconUser, Loading } from '../ui';
import { approve, dropMember, unban } from './actions';
import type { InfoProps } from './InfoPage';
import { banned, membersOf, requests, type Member } from './members';
import { PanelBar } from './parts';
import { useTopic } from './topic';

// Requests are those who asked to join.
export function Requests({ name }: InfoProps) {
  const { topic, loaded } = useTopic(name);
  const list = requests(membersOf(topic));
  return (
    <div class="column">
      <PanelBar title={t('group.requests')} name={name} />
      {list.length === 0 ? (
        loaded ? <Empty icon={<IconUser size={36} />} title={t('group.noRequests')} text={t('group.noRequestsText')} /> : <Loading />
      ) : (
        <Asking
          list={list}
          label={t('group.requests')}
          yes={t('group.approve')}
          no={t('group.refuse')}
          onYes={(m) => approve(topic, m.uid)}
          onNo={(m) => dropMember(topic, m.uid)}
        />
      )}
    </div>
  );
}

// BannedList are those who were shut out.
export function BannedList({ name }: InfoProps) {
  const { topic, loaded } = useTopic(name);
  const list = banned(membersOf(topic));
  return (
    <div class="column">
      <PanelBar title={t('group.banned')} name={name} />
      {list.length === 0 ? (
        loaded ? <Empty icon={<IconUser size={36} />} title={t('group.noBanned')} /> : <Loading />
      ) : (
        <Asking
          list={list}
          label={t('group.banned')}
          yes={t('group.unban')}
          no={t('common.remove')}
          onYes={(m) => unban(topic, m.uid)}
          onNo={(m) => dropMember(topic, m.uid)}
        />
      )}
    </div>
  );
}

interface AskingProps {
  list: Member[];
  label: string;
  yes: string;
  no: string;
  onYes: (m: Member) => Promise<unknown>;
  onNo: (m: Member) => Promise<unknown>;
}

// Asking is a list of people about each of whom there is something to decide.
function Asking({ list, label, yes, no, onYes, onNo }: AskingProps) {
  const [busy, setBusy] = useState('');
  const run = (m: Member, f: (m: Member) => Promise<unknown>) => {
    setBusy(m.uid);
    void f(m).finally(() => setBusy(''));
  };
  return (
    <ul class="scroll asking" aria-label={label}>
      {list.map((m) => (
        <li key={m.uid}>
          <Avatar id={m.uid} name={m.name} photo={m.photo} size={44} online={m.online} />
          <span class="asking-name">{m.name}</span>
          <span class="asking-buttons">
            <Button kind="primary" disabled={busy === m.uid} aria-label={t('common.about', { name: yes, text: m.name })} onClick={() => run(m, onYes)}>
              {yes}
            </Button>
            <Button kind="plain" disabled={busy === m.uid} aria-label={t('common.about', { name: no, text: m.name })} onClick={() => run(m, onNo)}>
              {no}
            </Button>
          </span>
        </li>
      ))}
    </ul>
  );
}

import type { Topic } from 'tinode-sdk';
import { back, go } from '../app/router';
import { t } from '../i18n';
import { noteOf, photoOf } from '../model/card';
import { myID, sdk } from '../model/session';
import { Avatar, Button, confirm, Empty, IconBack, IconChat, IconKey, IconLogOut, IconShield, IconUser, Loading, Switch } from '../ui';
import { approve, ban, dropMember, give, handOver, removeMember, setAdmin, takeBack, unban } from './actions';
import type { InfoProps } from './InfoPage';
import { toMember, type Member } from './members';
import { LineButton, PanelBar, Section } from './parts';
import { withLetters } from './roles';
import { useTopic } from './topic';

// MemberPage is about one member: who he is, what he may, and what an
// administrator can do with him.
export function MemberPage({ name, who }: InfoProps) {
  const { topic, loaded } = useTopic(name);
  const sub = topic.subscriber(who);
  const m = sub && toMember(sub, who, (p) => sdk().authorizeURL(p));
  if (!m) {
    return (
      <div class="column">
        <PanelBar title={t('group.member')} name={name} />
        {loaded ? <Empty icon={<IconUser size={36} />} title={t('group.noMember')} /> : <Loading />}
      </div>
    );
  }
  const mine = who === myID.value;
  const admin = !!topic.acs?.isAdmin();
  return (
    <div class="column">
      <PanelBar title={t('group.member')} name={name} />
      <div class="scroll panel-body" tabIndex={-1}>
        <div class="panel-head">
          <Avatar id={who} name={m.name} photo={photoOf(sub.public, (p) => sdk().authorizeURL(p))} size={96} online={m.online} />
          <h2>{mine ? t('group.you', { name: m.name }) : m.name}</h2>
          <p class="panel-line">{said(m)}</p>
          {noteOf(sub.public) && <p class="panel-note">{noteOf(sub.public)}</p>}
          {!mine && (
            <Button onClick={() => go('c', who)}>
              <IconChat size={20} />
              {t('group.write')}
            </Button>
          )}
        </div>
        {!mine && admin && <Rights topic={topic} m={m} given={sub.acs?.getGiven() ?? 'N'} />}
      </div>
    </div>
  );
}

function said(m: Member): string {
  const role = {
    owner: t('group.owner'), admin: t('group.admin'), member: t('group.member'), reader: t('group.reader'),
    waiting: t('group.waiting'), away: t('group.away'), banned: t('group.bannedOne'),
  }[m.role];
  const more = m.offered === 'owner' ? t('group.ownerOffered') : m.offered === 'admin' ? t('group.adminOffered') : '';
  return [m.online ? t('contacts.online') : '', role, more].filter(Boolean).join(', ');
}

function Rights({ topic, m, given }: { topic: Topic; m: Member; given: string }) {
  const owner = !!topic.acs?.isOwner();
  const gone = (done: boolean) => done && back('c', topic.name, 'info', 'members');
  if (m.role === 'owner') return <p class="panel-hint">{t('group.ownerRights')}</p>;
  if (m.role === 'waiting') {
    return (
      <div class="panel-buttons">
        <Button kind="primary" onClick={() => void approve(topic, m.uid)}>
          {t('group.approve')}
        </Button>
        <Button onClick={() => void dropMember(topic, m.uid).then(gone)}>{t('group.refuse')}</Button>
      </div>
    );
  }
  if (m.role === 'banned') {
    return (
      <div class="panel-buttons">
        <Button kind="primary" onClick={() => void unban(topic, m.uid)}>
          {t('group.unban')}
        </Button>
      </div>
    );
  }
  const has = (l: string) => given.includes(l);
  const set = (l: string, on: boolean) => void give(topic, m.uid, withLetters(given, l, on));
  const demote = async (on: boolean) => {
    if (!on && !(await confirm({ title: t('group.demoteSure', { name: m.name }), yes: t('group.demote') }))) return;
    await setAdmin(topic, m, on);
  };
  return (
    <>
      <Section title={t('group.rights')}>
        <Switch label={t('group.mayWrite')} on={has('W')} onChange={(on) => set('W', on)} />
        <Switch label={t('group.mayInvite')} on={has('S')} onChange={(on) => set('S', on)} />
        <Switch label={t('group.mayErase')} hint={t('group.mayEraseHint')} on={has('D')} onChange={(on) => set('D', on)} />
        <Switch label={t('group.mayManage')} hint={t('group.mayManageHint')} on={has('A')} onChange={(on) => void demote(on)} />
      </Section>
      <Section>
        {owner &&
          (m.offered === 'owner' ? (
            <LineButton icon={IconBack} label={t('group.takeBack')} onClick={() => void takeBack(topic, m.uid)} />
          ) : (
            <LineButton icon={IconKey} label={t('group.handOver')} hint={t('group.handOverHint')} onClick={() => void handOver(topic, m)} />
          ))}
        <LineButton icon={IconLogOut} danger label={t('group.remove')} onClick={() => void removeMember(topic, m).then(gone)} />
        <LineButton icon={IconShield} danger label={t('group.ban')} hint={t('group.banHint')} onClick={() => void ban(topic, m)} />
      </Section>
    </>
  );
}

import { useState } from 'preact/hooks';
import type { Topic } from 'tinode-sdk';
import { go, replace } from '../app/router';
import { t } from '../i18n';
import { ago } from '../i18n/time';
import { nameOf, noteOf, photoOf } from '../model/card';
import { archive, mute, pin } from '../model/chats';
import { contact, titleOf } from '../model/contacts';
import { sdk } from '../model/session';
import {
  Avatar, Badge, Empty, IconClock, IconButton, IconEdit, IconGroup, IconLink, IconLogOut, IconSettings, IconShield, IconTrash, IconUser, IconUserPlus, IconWarning, Loading, Switch,
} from '../ui';
import { act, clearHistory, deleteChat, deleteGroup, leave, report, setBlocked } from './actions';
import type { InfoProps } from './InfoPage';
import { banned, inside, membersOf, requests } from './members';
import { newsOf } from './news';
import { LineButton, LineLink, PanelBar, Section } from './parts';
import { kindOf, useTopic } from './topic';

// Info is the first page of the panel: what a conversation is, the user's own
// settings for it, and what he may do with it.
export function Info({ name }: InfoProps) {
  const { topic, loaded, failed } = useTopic(name);
  const known = contact(name);
  if (!known && !loaded) {
    return (
      <div class="column">
        <PanelBar first title={t('group.info')} name={name} />
        {failed ? <Empty icon={<IconWarning size={36} />} title={t('conversation.notFound')} /> : <Loading />}
      </div>
    );
  }
  const kind = kindOf(topic);
  const owner = topic.acs?.isOwner() ?? false;
  return (
    <div class="column">
      <PanelBar
        first
        title={t('group.info')}
        name={name}
        after={
          (owner || kind === 'user') && kind !== 'self' ? (
            <IconButton label={t('group.edit')} onClick={() => go('c', name, 'info', 'edit')}>
              <IconEdit />
            </IconButton>
          ) : undefined
        }
      />
      <div class="scroll panel-body" tabIndex={-1}>
        <Head topic={topic} />
        <Own topic={topic} />
        {topic.isGroupType() && <Group topic={topic} loaded={loaded} />}
        <Ends topic={topic} />
      </div>
    </div>
  );
}

// The topic is always the same object: each part looks for news by itself.
function Head({ topic }: { topic: Topic }) {
  newsOf(topic.name).value;
  const kind = kindOf(topic);
  const title = titleOf(topic);
  const known = contact(topic.name);
  const real = nameOf(topic.public);
  const count = topic.subcnt ?? 0;
  const line =
    kind === 'user'
      ? known?.online
        ? t('contacts.online')
        : known?.seen
          ? t('contacts.seen', { when: ago(new Date(known.seen)) })
          : ''
      : kind === 'group'
        ? t('new.members', { n: count })
        : kind === 'channel'
          ? t('group.subscribers', { n: count })
          : t('group.savedText');
  const note = kind === 'self' ? '' : noteOf(topic.public);
  return (
    <div class="panel-head">
      <Avatar id={topic.name} name={title} kind={kind} photo={photoOf(topic.public, (p) => sdk().authorizeURL(p))} size={104} online={!!known?.online} />
      <h2>{title}</h2>
      {real && real !== title && kind === 'user' && <p>{real}</p>}
      {line && <p class="panel-line">{line}</p>}
      {topic.trusted && (topic.trusted.verified || topic.trusted.staff) ? (
        <p class="panel-line panel-trusted">
          <IconShield size={18} />
          {t(topic.trusted.staff ? 'group.staff' : 'group.verified')}
        </p>
      ) : null}
      {note && <p class="panel-note">{note}</p>}
    </div>
  );
}

// Own are the user's settings, which nobody else sees.
function Own({ topic }: { topic: Topic }) {
  newsOf(topic.name).value;
  const c = contact(topic.name);
  const [busy, setBusy] = useState('');
  if (!c) return null;
  const run = (what: string, f: () => Promise<unknown>) => {
    setBusy(what);
    void act(f).finally(() => setBusy(''));
  };
  return (
    <Section>
      {c.kind !== 'self' && <Switch label={t('group.mute')} hint={t('group.muteHint')} on={c.muted} disabled={busy === 'mute'} onChange={(on) => run('mute', () => mute(c.name, on))} />}
      <Switch label={t('contacts.pin')} on={c.pinned > 0} disabled={busy === 'pin' || c.archived} onChange={(on) => run('pin', () => pin(c.name, on))} />
      <Switch
        label={t('contacts.archive')}
        hint={t('group.archiveHint')}
        on={!!c.archived}
        disabled={busy === 'archive'}
        onChange={(on) =>
          run('archive', async () => {
            if (on && c.pinned) await pin(c.name, false);
            await archive(c.name, on);
          })
        }
      />
    </Section>
  );
}

function Group({ topic, loaded }: { topic: Topic; loaded: boolean }) {
  newsOf(topic.name).value;
  const { name, acs } = topic;
  if (topic.isChannelType()) {
    return (
      <Section>
        <LineLink icon={IconLink} label={t('group.link')} to={['c', name, 'info', 'link']} />
      </Section>
    );
  }
  const list = membersOf(topic);
  const asking = requests(list).length;
  const out = banned(list).length;
  const admin = acs?.isAdmin();
  return (
    <Section>
      <LineLink icon={IconGroup} label={t(topic.chan ? 'group.authors' : 'group.members')} value={loaded || list.length > 0 ? inside(list).length : undefined} to={['c', name, 'info', 'members']} />
      {admin && (asking > 0 || topic.defacs?.auth === 'J') && (
        <LineLink icon={IconUser} label={t('group.requests')} value={asking > 0 ? <Badge n={asking} label={t('group.requestCount', { n: asking })} /> : undefined} to={['c', name, 'info', 'requests']} />
      )}
      {acs?.isSharer() && <LineLink icon={IconUserPlus} label={t(topic.chan ? 'group.addAuthors' : 'group.invite')} to={['c', name, 'info', 'invite']} />}
      <LineLink icon={IconLink} label={t('group.link')} to={['c', name, 'info', 'link']} />
      {acs?.isOwner() && !topic.chan && <LineLink icon={IconSettings} label={t('group.access')} to={['c', name, 'info', 'access']} />}
      {admin && out > 0 && <LineLink icon={IconShield} label={t('group.banned')} value={out} to={['c', name, 'info', 'banned']} />}
    </Section>
  );
}

// Ends is what cannot be undone, or only by others.
function Ends({ topic }: { topic: Topic }) {
  newsOf(topic.name).value;
  const kind = kindOf(topic);
  const gone = (done: boolean) => done && replace();
  const blocked = kind === 'user' && topic.subscriber(topic.name)?.acs?.isJoiner('given') === false;
  return (
    <Section>
      {kind !== 'channel' && <LineButton icon={IconClock} label={t('group.clear')} onClick={() => void clearHistory(topic)} />}
      {kind === 'user' && <LineButton icon={IconShield} danger={!blocked} label={t(blocked ? 'group.unblock' : 'group.block')} onClick={() => void setBlocked(topic, !blocked)} />}
      {kind !== 'self' && !topic.acs?.isOwner() && <LineButton icon={IconWarning} danger label={t('group.report')} onClick={() => void report(topic)} />}
      {topic.isGroupType() ? (
        topic.acs?.isOwner() ? (
          <LineButton icon={IconTrash} danger label={t(kind === 'channel' ? 'group.deleteChannel' : 'group.delete')} onClick={() => void deleteGroup(topic).then(gone)} />
        ) : (
          <LineButton icon={IconLogOut} danger label={t(topic.isChannelType() ? 'group.unsubscribe' : 'group.leave')} onClick={() => void leave(topic).then(gone)} />
        )
      ) : (
        <LineButton icon={IconTrash} danger label={t('contacts.delete')} onClick={() => void deleteChat(topic).then(gone)} />
      )}
    </Section>
  );
}

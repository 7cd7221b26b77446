import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { AccessMode, Card, Topic } from 'tinode-sdk';
import { back, go, replace } from '../app/router';
import { t } from '../i18n';
import { nameOf, noteOf, photoOf } from '../model/card';
import { mute } from '../model/chats';
import { contact, contactsLoaded } from '../model/contacts';
import { ask, online, sdk } from '../model/session';
import { Avatar, Bar, Button, Empty, IconBack, IconBell, IconButton, IconClock, IconMute, IconShield, IconWarning, Loading } from '../ui';
import { act, dropSelf, join, setBlocked, takeAdmin, takeOver } from './actions';
import { newsOf } from './news';
import { offered, policyOf, taken } from './roles';
import './gate.css';

// Gate stands before a conversation: of a group that one is no member of it shows
// what it is and how to join, of one that does not let in why.
export function Gate({ name, children }: { name: string; children: ComponentChildren }) {
  if (!/^(grp|chn)/.test(name)) return <Person name={name}>{children}</Person>;
  return <Group name={name}>{children}</Group>;
}

function Group({ name, children }: { name: string; children: ComponentChildren }) {
  const known = contact(name);
  newsOf(name).value; // access changes
  if (!known) return contactsLoaded.value ? <Preview name={name} /> : <Loading />;
  const topic = sdk().getTopic(name);
  const { acs } = topic;
  if (!acs.isJoiner('given')) return <Shut title={t('gate.banned')} text={t('gate.bannedText')} topic={topic} />;
  if (!acs.isReader('given')) return <Shut waiting title={t('gate.waiting')} text={t('gate.waitingText')} topic={topic} />;
  return (
    <>
      <Offer topic={topic} />
      {children}
    </>
  );
}

// Offer is about what an administrator has given and the user has not taken yet.
function Offer({ topic }: { topic: Topic }) {
  newsOf(topic.name).value;
  const { acs } = topic;
  const what = topic.isChannelType() ? '' : offered(acs);
  const next = topic.isChannelType() ? acs.getWant() : taken(acs);
  useEffect(() => {
    // What concerns the user's own doings needs no question.
    if (next && next !== acs.getWant() && topic.isSubscribed()) topic.setMeta({ sub: { mode: next } }).catch(() => {});
  }, [next, acs.getWant(), topic.isSubscribed()]);
  if (!what) return null;
  return (
    <div class="gate-offer" role="status">
      <IconShield size={20} />
      <span>{t(what === 'owner' ? 'gate.ownerOffer' : 'gate.adminOffer')}</span>
      <Button onClick={() => void (what === 'owner' ? takeOver(topic) : takeAdmin(topic))}>{t('gate.accept')}</Button>
    </div>
  );
}

// Foot stands where messages are written if nothing can be.
export function Foot({ name }: { name: string }) {
  const c = contact(name);
  const reader = name.startsWith('chn');
  const text = reader ? t('gate.reader') : name.startsWith('usr') ? t('gate.refused', { name: c?.title ?? '' }) : t('gate.readOnly');
  return (
    <div class="gate-foot">
      <p>{text}</p>
      {reader && c && (
        <Button onClick={() => void act(() => mute(name, !c.muted))}>
          {c.muted ? <IconBell size={20} /> : <IconMute size={20} />}
          {t(c.muted ? 'contacts.unmute' : 'contacts.mute')}
        </Button>
      )}
    </div>
  );
}

// Person: the user may have blocked the other one.
function Person({ name, children }: { name: string; children: ComponentChildren }) {
  const known = contact(name);
  newsOf(name).value;
  const topic = /^usr/.test(name) ? sdk().cacheGetTopic(name) : undefined;
  const blocked = topic?.subscriber(name)?.acs?.isJoiner('given') === false;
  return (
    <>
      {children}
      {topic && blocked && (
        <div class="gate-foot">
          <p>{t('gate.blocked', { name: known?.title ?? '' })}</p>
          <Button onClick={() => void setBlocked(topic, false)}>{t('group.unblock')}</Button>
        </div>
      )}
    </>
  );
}

function Shut({ title, text, topic, waiting }: { title: string; text: string; topic: Topic; waiting?: boolean }) {
  const c = contact(topic.name);
  const [busy, setBusy] = useState(false);
  return (
    <div class="column">
      <GateBar title={c?.title ?? ''} />
      <Empty icon={waiting ? <IconClock size={36} /> : <IconShield size={36} />} title={title} text={text}>
        <Button
          busy={busy}
          onClick={() => {
            setBusy(true);
            void dropSelf(topic).then((done) => (done ? replace() : setBusy(false)));
          }}
        >
          {t(waiting ? 'gate.withdraw' : 'gate.removeFromList')}
        </Button>
      </Empty>
    </div>
  );
}

function GateBar({ title }: { title: string }) {
  return (
    <Bar
      title={title || t('shell.conversation')} // a heading has to say something
      before={
        <IconButton class="only-narrow" label={t('common.back')} onClick={() => back()}>
          <IconBack />
        </IconButton>
      }
    />
  );
}

interface Glance {
  public?: Card | null;
  acs?: AccessMode | { mode?: string };
  subcnt?: number;
  chan?: boolean;
}

// Preview is a group seen from outside.
function Preview({ name }: { name: string }) {
  const [seen, setSeen] = useState<Glance | null>(null);
  const [failed, setFailed] = useState(false);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (!online.value) return;
    let current = true;
    glance(name).then(
      (g) => {
        if (!current) return;
        // Who may not be a member of a channel reads it.
        if (g.chan && name.startsWith('grp') && policyOf(modeOf(g)) === 'closed') go('c', name.replace(/^grp/, 'chn'));
        else setSeen(g);
      },
      () => current && setFailed(true),
    );
    return () => {
      current = false;
    };
  }, [name, online.value]);
  if (failed) {
    return (
      <div class="column">
        <GateBar title="" />
        <Empty icon={<IconWarning size={36} />} title={t('conversation.notFound')} />
      </div>
    );
  }
  if (!seen) return <Loading />;
  const channel = name.startsWith('chn');
  const policy = channel ? 'open' : policyOf(modeOf(seen));
  const title = nameOf(seen.public) || name;
  const enter = () => {
    setBusy(true);
    void join(name, policy === 'ask').finally(() => setBusy(false));
  };
  return (
    <div class="column">
      <GateBar title={title} />
      <div class="scroll gate-preview" tabIndex={0} role="group" aria-label={title}>
        <Avatar id={name} name={title} kind={channel ? 'channel' : 'group'} photo={photoOf(seen.public, (p) => sdk().authorizeURL(p))} size={112} />
        <h2>{title}</h2>
        <p class="gate-count">{channel ? t('group.subscribers', { n: seen.subcnt ?? 0 }) : t('new.members', { n: seen.subcnt ?? 0 })}</p>
        {noteOf(seen.public) && <p class="gate-note">{noteOf(seen.public)}</p>}
        {policy === 'closed' ? (
          <p class="gate-count">{t('gate.closed')}</p>
        ) : (
          <Button kind="primary" busy={busy} onClick={enter}>
            {t(channel ? 'gate.subscribe' : policy === 'ask' ? 'gate.ask' : 'gate.join')}
          </Button>
        )}
        {policy === 'ask' && <p class="gate-count">{t('gate.askText')}</p>}
        {policy === 'read' && <p class="gate-count">{t('gate.readText')}</p>}
      </div>
    </div>
  );
}

const modeOf = (g: Glance): string => {
  const { acs } = g;
  if (!acs) return '';
  return ('getMode' in acs ? (acs as AccessMode).getMode() : (acs as { mode?: string }).mode) ?? '';
};

// glance asks for a group without joining it. A topic that a search has left in
// the SDK's memory would be kept as if it were ours.
async function glance(name: string): Promise<Glance> {
  const s = sdk();
  if (s.cacheGetTopic(name)?._new) s.cacheRemTopic(name);
  const meta = (await ask(() => s.getMeta(name, { what: 'desc' }))) as { desc?: Glance };
  if (!meta.desc) throw new Error('no description');
  return meta.desc;
}

import { Tinode, type Ctrl, type Topic } from 'tinode-sdk';
import { t, type Key } from '../i18n';
import { noteJoined } from '../model/chats';
import { codeOf, explain } from '../model/problem';
import { ask, me, sdk } from '../model/session';
import { confirm, toast } from '../ui';
import type { Member } from './members';
import { touch } from './news';
import { granted, taken, withLetters } from './roles';
import { attached } from './topic';

// What is done to groups and to their members. Everything here that fails says
// so to the user; the answer is whether it was done.

type Says = { [code: number]: Key };

// act does something, and says what the server had against it: says has the
// sentences for codes that mean something special here.
export async function act(request: () => Promise<unknown>, says: Says = {}): Promise<boolean> {
  try {
    await ask(request);
    return true;
  } catch (e) {
    toast(refusal(e, says));
    return false;
  }
}

export function refusal(e: unknown, says: Says = {}): string {
  const special = says[codeOf(e)];
  return special ? t(special as 'error.denied') : explain(e);
}

// give sets what a member may.
export async function give(topic: Topic, uid: string, mode: string, says: Says = {}): Promise<boolean> {
  await attached(topic);
  const done = await act(() => topic.setMeta({ sub: { user: uid, mode } }), { 403: 'group.noPermission', ...says });
  touch(topic.name);
  return done;
}

const givenTo = (topic: Topic, uid: string): string => topic.subscriber(uid)?.acs?.getGiven() ?? 'N';

export const setWriting = (topic: Topic, uid: string, on: boolean): Promise<boolean> => give(topic, uid, withLetters(givenTo(topic, uid), 'W', on));

export async function setAdmin(topic: Topic, m: Member, on: boolean): Promise<boolean> {
  if (on && !(await confirm({ title: t('group.adminSure', { name: m.name }), text: t('group.adminText'), yes: t('group.makeAdmin') }))) return false;
  return give(topic, m.uid, on ? granted.admin : granted.member);
}

export async function ban(topic: Topic, m: Member): Promise<boolean> {
  if (!(await confirm({ title: t('group.banSure', { name: m.name }), text: t('group.banText'), yes: t('group.ban'), danger: true }))) return false;
  return give(topic, m.uid, granted.banned);
}

export const unban = (topic: Topic, uid: string): Promise<boolean> => give(topic, uid, granted.member);
export const approve = (topic: Topic, uid: string): Promise<boolean> => give(topic, uid, granted.member, { 422: 'group.full' });

export async function removeMember(topic: Topic, m: Member): Promise<boolean> {
  if (!(await confirm({ title: t('group.removeSure', { name: m.name }), text: t('group.removeText'), yes: t('common.remove'), danger: true }))) return false;
  return dropMember(topic, m.uid);
}

// dropMember ends a membership without a question: it is how a request is
// refused, too.
export async function dropMember(topic: Topic, uid: string): Promise<boolean> {
  await attached(topic);
  const done = await act(() => topic.delSubscription(uid), { 403: 'group.noRemoval' });
  touch(topic.name);
  return done;
}

// handOver offers the group to a member; he has to take it.
export async function handOver(topic: Topic, m: Member): Promise<boolean> {
  const sure = await confirm({ title: t('group.handOverSure', { name: m.name }), text: t('group.handOverText', { name: m.name }), yes: t('group.handOver'), danger: true });
  if (!sure || !(await give(topic, m.uid, granted.owner))) return false;
  toast(t('group.handOverDone', { name: m.name }));
  return true;
}

export const takeBack = (topic: Topic, uid: string): Promise<boolean> => give(topic, uid, withLetters(givenTo(topic, uid), 'O', false));

// takeOver accepts what handOver offered.
export async function takeOver(topic: Topic): Promise<boolean> {
  const done = await act(() => topic.setMeta({ sub: { mode: granted.owner } }), { 403: 'group.noLongerOffered' });
  touch(topic.name);
  return done;
}

// takeAdmin accepts to be an administrator.
export async function takeAdmin(topic: Topic): Promise<boolean> {
  const mode = withLetters(taken(topic.acs), 'A', true);
  const done = await act(() => topic.setMeta({ sub: { mode } }), { 403: 'group.noLongerOffered' });
  touch(topic.name);
  return done;
}

// invite makes somebody a member. An administrator says as what, where what
// newcomers get would not let him read.
export async function invite(topic: Topic, uid: string): Promise<void> {
  await attached(topic);
  const { acs } = topic;
  const usual = topic.defacs?.auth ?? '';
  const mode = acs.isAdmin() && !(usual.includes('R') && usual.includes('J')) ? granted.member : undefined;
  await ask(() => topic.setMeta({ sub: mode ? { user: uid, mode } : { user: uid } }));
  touch(topic.name);
}

export const inviteSays: Says = { 403: 'group.inviteRefused', 404: 'group.inviteGone', 422: 'group.full' };

// join subscribes, and asks for what members have where that is not given to
// everybody.
export async function join(name: string, wanting: boolean): Promise<boolean> {
  const topic = sdk().getTopic(name);
  const query = topic.startMetaQuery().withDesc().withSub().withLaterData(24).build();
  const request = async () => {
    noteJoined(name); // the conversation may open before there is an answer
    await topic.subscribe(query, wanting ? { sub: { mode: granted.member } } : undefined);
    // Whoever still waits may not read: the conversation attaches once he may.
    if (!topic.acs.isReader() && topic.isSubscribed()) await topic.leave(false);
  };
  return act(request, { 403: 'group.joinRefused', 404: 'group.gone', 422: 'group.full' });
}

export async function leave(topic: Topic): Promise<boolean> {
  const reader = topic.isChannelType();
  const sure = await confirm({
    title: t(reader ? 'group.unsubscribeSure' : 'contacts.leaveSure', { name: titleFor(topic) }),
    text: t(reader ? 'group.unsubscribeText' : 'contacts.leaveText'),
    yes: t(reader ? 'group.unsubscribe' : 'contacts.leave'),
    danger: true,
  });
  if (!sure) return false;
  return act(async () => {
    if (!topic.isSubscribed()) await topic.subscribe();
    await topic.leave(true);
  });
}

// dropSelf gives up a membership that is worth nothing: banned, or waiting.
export const dropSelf = (topic: Topic): Promise<boolean> => act(() => topic.delTopic(false));

export async function deleteGroup(topic: Topic): Promise<boolean> {
  const sure = await confirm({ title: t('group.deleteSure', { name: titleFor(topic) }), text: t('group.deleteText'), yes: t('group.delete'), danger: true });
  return sure && act(() => topic.delTopic(true));
}

export async function deleteChat(topic: Topic): Promise<boolean> {
  const sure = await confirm({ title: t('contacts.deleteSure', { name: titleFor(topic) }), text: t('contacts.deleteText'), yes: t('contacts.delete'), danger: true });
  return sure && act(() => topic.delTopic(true));
}

// clearHistory removes all messages for the user alone.
export async function clearHistory(topic: Topic): Promise<boolean> {
  const sure = await confirm({ title: t('group.clearSure'), text: t('group.clearText'), yes: t('group.clear'), danger: true });
  if (!sure) return false;
  const { seq = 0 } = topic;
  if (seq < 1) return true;
  await attached(topic);
  const delseq = [{ low: 1, hi: seq + 1 }];
  if (!(await act(() => topic.delMessages(delseq, false)))) return false;
  // The server tells the other sessions; the conversation on this page hears it here.
  topic.onMeta?.({ del: { delseq } });
  return true;
}

// setBlocked stops a person from writing to the user, and takes it back.
export async function setBlocked(topic: Topic, on: boolean): Promise<boolean> {
  if (on) {
    const sure = await confirm({ title: t('group.blockSure', { name: titleFor(topic) }), text: t('group.blockText'), yes: t('group.block'), danger: true });
    if (!sure) return false;
  }
  return give(topic, topic.name, on ? 'N' : 'JRWPA');
}

// report tells the administrators of the server: docs/protocol/topics.md#sys.
export async function report(topic: Topic): Promise<boolean> {
  const sure = await confirm({ title: t('group.reportSure', { name: titleFor(topic) }), text: t('group.reportText'), yes: t('group.report'), danger: true });
  if (!sure || !(await act(() => sdk().report('report', topic.name)))) return false;
  toast(t('group.reported'));
  return true;
}

// describe changes name, description or picture: of a group, or with me of the
// user. What is empty is removed.
export function describe(topic: Topic, card: { fn?: string; note?: string; photo?: unknown }, files: string[] = []): Promise<Ctrl> {
  const gone = Tinode.DEL_CHAR;
  const changes: { [field: string]: unknown } = {};
  if (card.fn !== undefined) changes.fn = card.fn;
  if (card.note !== undefined) changes.note = card.note || gone;
  if (card.photo !== undefined) changes.photo = card.photo ?? gone;
  return ask(() => topic.setMeta({ desc: { public: changes }, attachments: files }));
}

const titleFor = (topic: Topic): string => (topic.public?.fn as string | undefined) || me().getContact(topic.name)?.public?.fn || topic.name;

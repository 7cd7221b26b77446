import { AccessMode, Tinode, type AccessDict, type Topic } from 'tinode-sdk';
import { contact, refresh } from './contacts';
import { me, openTopic, sdk, whenIn } from './session';

// What a user does with a conversation as a whole, from the list or elsewhere.
// All of them fail with the SDK's error; explain says it to people.

export async function pin(name: string, on: boolean): Promise<void> {
  await me().pinTopic(name, on);
  refresh();
}

export async function archive(name: string, on: boolean): Promise<void> {
  const topic = sdk().getTopic(name);
  await topic.setMeta({ desc: { private: { arch: on ? true : Tinode.DEL_CHAR } } });
  refresh(name);
}

// mute stops news of a conversation: without P nothing of it reaches me.
export async function mute(name: string, on: boolean): Promise<void> {
  const topic = sdk().getTopic(name);
  const want = topic.acs.getWant().replace(/P/g, '');
  const mode = on ? want || 'N' : Tinode.isP2PTopicName(name) || want !== 'N' ? `${want}P` : 'P';
  const ctrl = await sdk().setMeta(name, { sub: { mode } });
  const acs = ctrl.params?.acs as AccessDict | AccessMode | undefined;
  if (acs) topic.acs = new AccessMode(acs);
  refresh(name);
}

// markRead tells the server that everything there was read. It has to attach for
// that.
export async function markRead(name: string): Promise<void> {
  const topic = sdk().getTopic(name);
  const seq = topic.seq ?? 0;
  if (!contact(name)?.unread || seq <= 0) return;
  const attached = topic.isSubscribed();
  if (!attached) await topic.subscribe();
  tellRead(topic, seq);
  if (!attached) leaveLater(name, 1_000);
}

// tellRead says how far the user has read in a conversation that is attached. The SDK says nothing
// if it takes this for known, which it may do by a member's entry of the user that is newer than his own.
export function tellRead(topic: Topic, seq: number): void {
  topic.noteRead(seq);
  if ((topic.read ?? 0) < seq) {
    sdk().note(topic.name, 'read', seq);
    (topic as unknown as { _updateMyReadRecv(what: string, seq: number): void })._updateMyReadRecv('read', seq);
  }
  refresh(topic.name); // of one that is muted the SDK tells nothing
}

// justJoined tells whether the user has joined by himself since he last looked at it; once.
const joined = new Set<string>();
export const noteJoined = (name: string): unknown => joined.add(name);
export const justJoined = (name: string): boolean => joined.delete(name);

// remove deletes a conversation of two or with oneself, or leaves a group.
export async function remove(name: string): Promise<void> {
  const topic = sdk().getTopic(name);
  if (topic.isGroupType() && !topic.acs.isOwner()) {
    if (!topic.isSubscribed()) await topic.subscribe();
    await topic.leave(true);
  } else {
    await topic.delTopic(true);
  }
  refresh(name);
}

// leaveLater detaches from a conversation unless somebody looks at it by then.
// The SDK's leaveDelayed does not expect that the connection may have gone.
const leaving = new Map<string, ReturnType<typeof setTimeout>>();
function leaveLater(name: string, ms: number): void {
  clearTimeout(leaving.get(name));
  const leave = () => {
    leaving.delete(name);
    const topic = sdk().cacheGetTopic(name);
    if (topic?.isSubscribed() && openTopic.peek() !== name) topic.leave().catch(() => {}); // gone already
  };
  leaving.set(name, setTimeout(leave, ms));
}
whenIn(() => () => {
  leaving.forEach(clearTimeout);
  leaving.clear();
  joined.clear();
});

// fetchLast gets the last messages of a conversation nobody looks at, so that
// the list can show one; it stays for a moment in case more is coming.
const fetching = new Set<string>();
export async function fetchLast(name: string): Promise<void> {
  const topic = sdk().cacheGetTopic(name);
  if (!topic || topic.isSubscribed() || fetching.has(name) || !topic.acs.isReader()) return;
  if ((topic.seq ?? 0) <= topic.maxMsgSeq()) return;
  fetching.add(name);
  try {
    await topic.subscribe(topic.startMetaQuery().withLaterData(24).withLaterDel(24).build());
    leaveLater(name, 10_000);
  } catch {
    // not now: the list does without
  } finally {
    fetching.delete(name);
    refresh(name);
  }
}

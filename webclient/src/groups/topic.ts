import { useEffect, useState } from 'preact/hooks';
import type { Topic } from 'tinode-sdk';
import { contact } from '../model/contacts';
import { ask, online, sdk } from '../model/session';
import { newsOf } from './news';

const patience = 4_000; // ms that the conversation has to attach by itself

// useTopic has the details of a conversation, drawn again when they change, and
// asks for all of them when a page of it is opened. loaded: they have come.
export function useTopic(name: string): { topic: Topic; loaded: boolean; failed: boolean } {
  const topic = sdk().getTopic(name);
  const [state, setState] = useState<'' | 'loaded' | 'failed'>('');
  newsOf(name).value; // drawn again at each
  const login = online.value;
  useEffect(() => {
    if (!login) return;
    let current = true;
    load(topic).then(
      () => current && setState('loaded'),
      () => current && setState('failed'),
    );
    return () => {
      current = false;
    };
  }, [topic, login]);
  return { topic, loaded: state === 'loaded', failed: state === 'failed' };
}

async function load(topic: Topic): Promise<void> {
  await attached(topic);
  const query = topic.startMetaQuery().withDesc().withSub();
  if (topic.isGroupType() && topic.acs?.isOwner()) query.withTags();
  await topic.getMeta(query.build());
}

// attached waits until the conversation beside this panel is attached: if we
// were first, it would not get its messages.
export async function attached(topic: Topic): Promise<void> {
  const until = Date.now() + patience;
  while (!topic.isSubscribed() && Date.now() < until) await new Promise((r) => setTimeout(r, 50));
  if (!topic.isSubscribed()) await ask(() => topic.subscribe());
}

export type Kind = 'user' | 'group' | 'channel' | 'self';
// kindOf: a channel is one for its members, too, who call it grp….
export function kindOf(topic: Topic): Kind {
  if (topic.isSelfType()) return 'self';
  if (topic.isChannelType() || topic.chan) return 'channel';
  return topic.isGroupType() ? 'group' : 'user';
}

// publicName is what others call it in links: readers' name of a channel.
export const publicName = (topic: Topic): string => (topic.chan ? topic.name.replace(/^grp/, 'chn') : topic.name);

export const titled = (name: string): string => contact(name)?.title ?? '';

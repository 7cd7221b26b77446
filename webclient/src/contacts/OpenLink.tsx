import { useEffect } from 'preact/hooks';
import type { PageProps } from '../app/feature';
import { replace } from '../app/router';
import { myID } from '../model/session';
import { Loading } from '../ui';

// OpenLink leads from the link that somebody was sent to the conversation.
export function OpenLink({ params }: PageProps) {
  useEffect(() => {
    const user = params.user ?? '';
    if (user === myID.peek() || !/^(usr|grp|chn)[\w-]+$/.test(user)) replace();
    else replace('c', user);
  }, [params.user]);
  return <Loading />;
}

import type { TopicMe } from 'tinode-sdk';
import { newsOf } from '../groups/news';
import { me } from '../model/session';

// useMe is the user's own topic, drawn again when it changes.
export function useMe(): TopicMe {
  newsOf('me').value;
  return me();
}

// loginOf is the name with which the user logs in, as far as his tags have it.
export const loginOf = (tags: string[]): string => tags.find((tag) => tag.startsWith('basic:'))?.slice(6) ?? '';

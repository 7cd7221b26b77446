import { Tinode, type Ctrl } from 'tinode-sdk';
import { touch } from '../groups/news';
import { ask, me, sdk } from '../model/session';

// reloadCredentials asks anew for addresses and the second factor. That there are
// none is an answer without a list, which the SDK does not take over.
export async function reloadCredentials(): Promise<void> {
  const answer = (await ask(() => sdk().getMeta('me', { what: 'cred' }))) as Partial<Ctrl>;
  if (answer.code === 204) (me() as unknown as { _processMetaCreds(list: string[]): void })._processMetaCreds([Tinode.DEL_CHAR]);
  await sdk().getMeta('me', { what: 'tags' });
  touch('me');
}

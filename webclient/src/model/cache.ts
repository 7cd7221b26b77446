import { Tinode } from 'tinode-sdk';

// The SDK keeps contacts and messages in a database of one fixed name. Here each
// user has one of his own, so that nothing of one is ever seen by another.

let current = '';
const nameOf = (uid: string) => `parley-${uid}`;

const provider = {
  open: (_: string, version: number) => indexedDB.open(nameOf(current), version),
  deleteDatabase: (_: string) => indexedDB.deleteDatabase(nameOf(current)),
};

// useCache chooses the user whose database is opened next; '' for none.
export function useCache(uid: string): void {
  current = uid;
  Tinode.setDatabaseProvider(provider);
}

// openCache begins to keep what comes. Where the browser keeps nothing, it works
// without.
export async function openCache(tinode: Tinode): Promise<void> {
  try {
    await tinode.initStorage();
  } catch {
    // a private window
  }
}

// removeCache deletes what is kept of a user; tinode is who has it open.
export async function removeCache(uid: string, tinode?: Tinode): Promise<void> {
  if (!uid) return;
  try {
    useCache(uid);
    if (tinode) await tinode.clearStorage();
    await new Promise<void>((resolve) => {
      const request = indexedDB.deleteDatabase(nameOf(uid));
      request.onsuccess = request.onerror = request.onblocked = () => resolve();
    });
  } catch {
    // a private window has none
  } finally {
    useCache('');
  }
}

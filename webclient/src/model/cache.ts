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

export const keptMessages = 2_000; // of each conversation

// trimCache lets go of the oldest messages in the database of a user. They come
// from the server again when somebody scrolls there.
export async function trimCache(uid: string): Promise<void> {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(nameOf(uid));
    request.onupgradeneeded = () => request.transaction?.abort(); // there is none
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  db.onversionchange = () => db.close(); // it is being removed
  try {
    const topics = await done<IDBValidKey[]>(db.transaction('topic').objectStore('topic').getAllKeys());
    for (const topic of topics) {
      const messages = db.transaction('message', 'readwrite').objectStore('message');
      const oldest = await nth(messages.openKeyCursor(IDBKeyRange.bound([topic, 0], [topic, Infinity]), 'prev'), keptMessages);
      if (oldest) await done(messages.delete(IDBKeyRange.bound([topic, 0], oldest)));
    }
  } finally {
    db.close();
  }
}

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

// nth is the key that a cursor finds after n others, if there is one.
function nth(request: IDBRequest<IDBCursor | null>, n: number): Promise<IDBValidKey | undefined> {
  return new Promise((resolve, reject) => {
    let moved = false;
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor || moved) return resolve(cursor?.key);
      moved = true;
      cursor.advance(n);
    };
    request.onerror = () => reject(request.error);
  });
}

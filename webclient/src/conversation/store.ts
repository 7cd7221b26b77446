// What is to be sent survives the page: one database for each user, removed when he
// logs out.

import type { Node } from '../drafty';
import type { Prepared } from '../files/prepare';
import type { Head } from './timeline';

/** A message that is to be sent, with its files as they are. */
export interface Outgoing {
  uid: string; // head.uid: the server stores it once, however often it is sent
  topic: string;
  ts: number; // ms
  head: Head;
  quote?: Node | undefined;
  text: string; // as typed
  mentions: [name: string, user: string][];
  /** Ready content, instead of text: of forwarded messages. */
  content?: unknown;
  files: OutgoingFile[];
  /** Media that the message has already, when it is edited. */
  kept: Node[];
  error?: string | undefined; // why it was refused; it waits for the user then
}

export interface OutgoingFile extends Omit<Prepared, 'file'> {
  file: Blob;
  ref?: string; // once it is on the server
  thumb?: boolean; // which has a small copy of it
  caption?: never;
}

const nameOf = (user: string) => `parley-outbox-${user}`;

export interface Store {
  all(): Promise<Outgoing[]>;
  put(m: Outgoing): Promise<void>;
  remove(uid: string): Promise<void>;
  close(): void;
}

/** openStore opens the outbox of a user. Where the browser keeps nothing, it lasts as long as the page. */
export async function openStore(user: string): Promise<Store> {
  try {
    return await openDatabase(user);
  } catch {
    return inMemory(); // a private window
  }
}

/** removeStore deletes everything that a user has not sent. */
export function removeStore(user: string): void {
  try {
    indexedDB.deleteDatabase(nameOf(user));
  } catch {
    // a private window has none
  }
}

async function openDatabase(user: string): Promise<Store> {
  const request = indexedDB.open(nameOf(user), 1);
  request.onupgradeneeded = () => request.result.createObjectStore('messages', { keyPath: 'uid' });
  const db = await result(request);
  db.onversionchange = () => db.close();
  const messages = (mode: IDBTransactionMode) => db.transaction('messages', mode).objectStore('messages');
  return {
    async all() {
      const list = (await result(messages('readonly').getAll())) as Outgoing[];
      return list.sort((a, b) => a.ts - b.ts);
    },
    put: async (m) => void (await result(messages('readwrite').put(m))),
    remove: async (uid) => void (await result(messages('readwrite').delete(uid))),
    close: () => db.close(),
  };
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('database'));
  });
}

export function inMemory(): Store {
  const list = new Map<string, Outgoing>();
  return {
    all: async () => [...list.values()],
    put: async (m) => void list.set(m.uid, m),
    remove: async (uid) => void list.delete(uid),
    close: () => {},
  };
}

// Content of messages that are on their way, and what their files are shown from
// meanwhile.

import { assemble, attachmentsOf, type Content, type Data, mime, type Node, tagsOf } from '../drafty';
import { blobToBase64 } from '../files/base64';
import { inBand } from './sender';
import type { Outgoing, OutgoingFile } from './store';
import type { Head } from './timeline';

const entities = { image: 'IM', audio: 'AU', video: 'VD', file: 'EX' } as const;

// Addresses of files that are only here yet, by the entity that shows them. A message
// from others can never have one.
const locals = new WeakMap<Data, string>();
export const localURL = (data: Data | undefined): string | undefined => data && locals.get(data);

function entity(f: OutgoingFile): Node {
  const data: Data = { mime: f.mime, name: f.name, size: f.file.size };
  for (const key of ['width', 'height', 'duration'] as const) if (f[key]) data[key] = f[key];
  if (f.preview && f.kind === 'image') data.val = f.preview;
  else if (f.preview) data.preview = f.preview;
  if (f.preview && f.kind === 'video') data.premime = 'image/jpeg';
  if (f.ref) data.ref = f.ref;
  if (f.thumb && f.still) data.thumb = true; // ours: others fetch the whole picture
  return { tp: entities[f.kind], data, ...(f.kind === 'file' ? { attached: true } : {}) };
}

/** What a message that is being sent looks like. release gives the memory back. */
export function shownContent(m: Outgoing): { content: unknown; release: () => void } {
  if (m.content !== undefined) return { content: m.content, release: () => {} };
  const urls: string[] = [];
  const media = m.files.map((f) => {
    const node = entity(f);
    const url = URL.createObjectURL(f.file);
    urls.push(url);
    locals.set(node.data!, url);
    return node;
  });
  const content = assemble({ quote: m.quote, media: [...m.kept, ...media], text: m.text, mentions: new Map(m.mentions) });
  return { content, release: () => urls.forEach((u) => URL.revokeObjectURL(u)) };
}

/** What is published once all files are on the server. */
export async function finalContent(m: Outgoing): Promise<Content> {
  if (m.content !== undefined) return m.content as Content;
  const media = await Promise.all(
    m.files.map(async (f) => {
      const node = entity(f);
      if (inBand(f) && !f.ref) node.data!.val = await blobToBase64(f.file);
      return node;
    }),
  );
  return assemble({ quote: m.quote, media: [...m.kept, ...media], text: m.text, mentions: new Map(m.mentions) });
}

/** The head that goes with a content (wire.md §10.2). */
export function headFor(m: Outgoing, content: Content): Head {
  return { ...m.head, ...(typeof content === 'string' ? {} : { mime }), ...tagsOf(content) };
}

export { attachmentsOf };

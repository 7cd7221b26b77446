import { useEffect, useState } from 'preact/hooks';
import { type Node, safeUrl } from '../drafty';
import { apiPath, headers } from '../files/upload';
import { sdk } from '../model/session';

// What a link leads to, told by our server (surfaces.md §1.14): the page itself asks no
// other host, so a picture is shown only if our server has it.

interface Preview {
  title: string;
  description: string;
  image?: string | undefined;
}

const known = new Map<string, Promise<Preview | null>>();
const most = 200;
let unavailable = false;

function ask(url: string): Promise<Preview | null> {
  let p = known.get(url);
  if (!p) {
    if (known.size >= most) known.delete(known.keys().next().value!);
    known.set(url, (p = load(url).catch(() => null)));
  }
  return p;
}

async function load(url: string): Promise<Preview | null> {
  if (unavailable) return null;
  const answer = await fetch(`${apiPath('urlpreview')}?url=${encodeURIComponent(url)}`, { headers: headers() });
  if (answer.status === 404 || answer.status === 501) unavailable = answer.headers.get('content-type')?.includes('json') !== true || answer.status === 501;
  if (!answer.ok) return null;
  const page = (await answer.json()) as { title?: unknown; description?: unknown; image_url?: unknown };
  const text = (v: unknown, n: number) => (typeof v === 'string' ? v.replace(/\s+/g, ' ').trim().slice(0, n) : '');
  const image = typeof page.image_url === 'string' && /^\/(?!\/)/.test(page.image_url) ? page.image_url : undefined;
  const preview = { title: text(page.title, 150), description: text(page.description, 240), image };
  return preview.title || preview.description ? preview : null;
}

/** The first link of a message that may have a preview. */
export function firstLink(nodes: Node[]): string | undefined {
  for (const n of nodes) {
    const url = n.tp === 'LN' ? safeUrl(n.data?.url) : undefined;
    if (url && !url.startsWith('mailto:') && new URL(url).host !== location.host) return url;
    const inner = n.tp === 'QQ' || n.tp === 'CO' ? undefined : firstLink(n.children ?? []);
    if (inner) return inner;
  }
  return undefined;
}

export function LinkPreview({ url }: { url: string }) {
  const [preview, setPreview] = useState<Preview | null>(null);
  useEffect(() => {
    let current = true;
    void ask(url).then((p) => current && setPreview(p));
    return () => {
      current = false;
    };
  }, [url]);
  if (!preview) return null;
  return (
    <a class="link-preview" href={url} target="_blank" rel="noopener noreferrer nofollow">
      {preview.image && <img src={sdk().authorizeURL(preview.image)} alt="" loading="lazy" />}
      <span class="link-preview-host">{new URL(url).hostname}</span>
      {preview.title && <span class="link-preview-title">{preview.title}</span>}
      {preview.description && <span class="link-preview-text">{preview.description}</span>}
    </a>
  );
}

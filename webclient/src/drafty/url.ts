// Addresses come from strangers: only those of the web and of mail become links.

const allowed = new Set(['http:', 'https:', 'mailto:']);

/** The address in its normal form if it may be a link, else undefined. */
export function safeUrl(url: unknown): string | undefined {
  if (typeof url !== 'string' || url.length > 4096) return undefined;
  try {
    const parsed = new URL(url); // relative ones throw
    if (!allowed.has(parsed.protocol) || parsed.username || parsed.password) return undefined;
    return parsed.protocol === 'mailto:' ? (parsed.pathname.includes('@') ? url : undefined) : parsed.href;
  } catch {
    return undefined;
  }
}

/** A path of our own server to a stored file, the only kind of reference that is ever fetched. */
export function fileRef(ref: unknown): string | undefined {
  if (typeof ref !== 'string' || ref.length > 1024) return undefined;
  return /^\/v0\/file\/s\/[\w-]+(\.\w+)?$/.test(ref) ? ref : undefined;
}

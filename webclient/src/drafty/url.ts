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

/**
 * Where a link leads, if its text looks like the address of something else: its host, or its mail address.
 * Undefined if the text does not, or is right.
 */
export function otherPlace(text: string, url: string): string | undefined {
  const claims = text.slice(0, 2000).replace(/\p{Cf}/gu, '').match(claim) ?? [];
  if (!claims.length) return undefined;
  const real = placeOf(url);
  return claims.every((c) => placeOf(c) === real) ? undefined : real;
}

// What people take for an address: with a scheme or www anywhere, else as the whole text.
const claim = /(?:[a-z][a-z0-9+.-]{0,20}:[/\\]{1,2}|www\.)[^\s<>"'(){}[\]]+|^\s*[^\s/:]+@[\p{L}\p{N}-]+(?:[.。．｡][\p{L}\p{N}-]+)+\s*$|^\s*(?:[\p{L}\p{N}_-]+[.。．｡])+(?:\p{L}{2,}|xn--[a-z0-9-]+)(?=\s*$|[/:?#])/giu;

// placeOf is the host of an address without www, or a mail address; what stands before an @ is part of it, for
// people take that for the host.
function placeOf(address: string): string {
  const plain = address.trim().replace(/^mailto:/i, '').replace(/[.,;:!?]+$/, '');
  const authority = plain.replace(/^[a-z][a-z0-9+.-]*:[/\\]+/i, '').replace(/[/\\?#].*$/s, '');
  if (authority.includes('@')) return authority.toLowerCase();
  try {
    return new URL(`https://${authority}`).hostname.replace(/\.$/, '').replace(/^www\./, '');
  } catch {
    return authority.toLowerCase();
  }
}

/** A path of our own server to a stored file, the only kind of reference that is ever fetched. */
export function fileRef(ref: unknown): string | undefined {
  if (typeof ref !== 'string' || ref.length > 1024) return undefined;
  return /^\/v0\/file\/s\/[\w-]+(\.\w+)?$/.test(ref) ? ref : undefined;
}

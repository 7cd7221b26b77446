import { server } from './server';

// Pictures and downloads have addresses, which people copy and pass on. Who asks
// is therefore not in them but in a cookie, for the files of our server alone.

const api = (): string => `${server.peek()?.api ?? '/'}v0/`;
let shown: string | undefined | null = null; // the token in the cookie; null: of an earlier page

/** Puts a token into the cookie; without one, removes it. False if that is not possible here. */
export function setFileCookie(token: string | undefined): boolean {
  if (!navigator.cookieEnabled) return false;
  if (token === shown) return true;
  shown = token;
  const rest = `; Path=${api()}; SameSite=Strict${location.protocol === 'https:' ? '; Secure' : ''}${token ? '' : '; Max-Age=0'}`;
  document.cookie = `auth=token${rest}`;
  document.cookie = `secret=${encodeURIComponent(token ?? '')}${rest}`;
  return true;
}

/** The address of a file for the user whose token it is; undefined where the cookie does not reach. */
export function addressByCookie(url: string, token: string | undefined): string | undefined {
  if (!token || !url.startsWith(api()) || !setFileCookie(token)) return undefined;
  const there = new URL(url, location.origin);
  there.searchParams.set('apikey', server.peek()?.apiKey ?? '');
  return there.pathname + there.search;
}

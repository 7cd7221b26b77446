import { signal } from '@preact/signals';
import { replace } from '../app/router';
import { server } from '../model/server';
import { logInWith, notice, phase } from '../model/session';

// Signing in through somebody else: docs/protocol/schemes.md ("Browsers"). The
// verifier stays here, so that a code is good in this tab alone.

const key = 'parley.verifier';
export const signingIn = signal(false);

const base64url = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

// leaveFor goes to the provider's page.
export async function leaveFor(start: string): Promise<void> {
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const q = new URLSearchParams({ redirect: location.pathname });
  if (crypto.subtle) {
    q.set('challenge', base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)))));
    sessionStorage.setItem(key, verifier);
  } else {
    sessionStorage.setItem(key, ''); // a page without https has no hashes
  }
  location.assign(`${start}?${q}`);
}

// Code is what somebody logs in with who comes back: the name of the scheme, which is
// the name in the address, and its secret.
export interface Code {
  scheme: string;
  secret: string;
}

// takeCode removes the code from the address to which the provider came back. It
// must be called before anything else looks at the address. A code that nobody
// here asked for is dropped.
export function takeCode(): Code | null {
  const [, scheme, code] = location.hash.match(/^#(oidc|wechat)=([^&]+)/) ?? [];
  if (!scheme || !code) return null;
  const verifier = sessionStorage.getItem(key);
  sessionStorage.removeItem(key);
  replace();
  if (verifier === null) return null;
  return { scheme, secret: verifier ? `${code}:${verifier}` : code };
}

// comeBack logs in with the code.
export async function comeBack(code: Code | null): Promise<void> {
  if (!code || phase.peek() !== 'out') return;
  signingIn.value = true;
  try {
    await logInWith(code.scheme, code.secret);
  } catch {
    notice.value = 'provider';
  } finally {
    signingIn.value = false;
  }
}

export const providers = () => server.value?.providers ?? [];

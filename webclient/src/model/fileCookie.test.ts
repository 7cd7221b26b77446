import { beforeEach, expect, it, vi } from 'vitest';

const cookies: string[] = [];
beforeEach(() => {
  vi.resetModules();
  cookies.length = 0;
  vi.stubGlobal('location', { origin: 'https://chat.example', protocol: 'https:' });
  vi.stubGlobal('navigator', { cookieEnabled: true });
  vi.stubGlobal('document', { set cookie(text: string) { cookies.push(text); } });
});

async function loaded() {
  const { server } = await import('./server');
  server.value = { api: '/chat/', apiKey: 'K/1' } as never;
  return import('./fileCookie');
}

it('has the token in a cookie for our files, and not in the address', async () => {
  const { addressByCookie } = await loaded();
  expect(addressByCookie('/chat/v0/file/s/a.png?thumb=1', 't+/=')).toBe('/chat/v0/file/s/a.png?thumb=1&apikey=K%2F1');
  expect(addressByCookie('/chat/v0/file/s/b.png', 't+/=')).toBe('/chat/v0/file/s/b.png?apikey=K%2F1');
  const rest = '; Path=/chat/v0/; SameSite=Strict; Secure';
  expect(cookies).toEqual([`auth=token${rest}`, `secret=t%2B%2F%3D${rest}`]);
});

it('removes it', async () => {
  const { addressByCookie, setFileCookie } = await loaded();
  addressByCookie('/chat/v0/file/s/a.png', 't');
  cookies.length = 0;
  setFileCookie(undefined);
  expect(cookies.map((c) => c.replace(/; Path.*Max-Age=0$/, ' gone'))).toEqual(['auth=token gone', 'secret= gone']);
});

it('leaves other addresses, and browsers without cookies, to the SDK', async () => {
  const { addressByCookie } = await loaded();
  expect(addressByCookie('/elsewhere/a.png', 't')).toBeUndefined();
  expect(addressByCookie('/chat/v0/file/s/a.png', undefined)).toBeUndefined();
  vi.stubGlobal('navigator', { cookieEnabled: false });
  expect(addressByCookie('/chat/v0/file/s/a.png', 't')).toBeUndefined();
  expect(cookies).toEqual([]);
});

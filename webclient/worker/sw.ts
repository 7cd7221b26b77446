// The service worker: the page is there without a network, and so are the
// pictures that were seen. It knows nothing of users. Messages are kept by the
// page (src/model/cache.ts).
export {};

declare const self: ServiceWorkerGlobalScope;
// Put in by shell.js when dist is built.
declare const __VERSION__: string; // of all files together
declare const __SHELL__: string[]; // their paths, relative to this one

const shellName = `parley-shell-${__VERSION__}`;
const scope = new URL('./', self.location.href);

self.addEventListener('install', (e) => e.waitUntil(fill()));
self.addEventListener('activate', (e) => e.waitUntil(takeOver()));
self.addEventListener('message', (e) => {
  const data = e.data as { do?: string } | null;
  if (data?.do === 'take over') e.waitUntil(self.skipWaiting());
});
self.addEventListener('notificationclick', (e) => {
  e.notification.close();
  e.waitUntil(
    (async () => {
      const [page] = await self.clients.matchAll({ type: 'window' });
      if (page) await page.focus();
      else await self.clients.openWindow(scope.href);
    })(),
  );
});

// fill fetches the whole version, past the browser's cache only if that is old.
async function fill(): Promise<void> {
  const cache = await caches.open(shellName);
  await cache.addAll(__SHELL__.map((path) => new Request(new URL(path, scope), { cache: 'no-cache' })));
}

async function takeOver(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith('parley-shell-') && name !== shellName) await caches.delete(name);
  await self.clients.claim();
}

const shell = new Set(__SHELL__.map((path) => new URL(path, scope).href));

self.addEventListener('fetch', (e) => {
  const { request } = e;
  if (request.method !== 'GET') return;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    // Other pages of the server (sign-in, a new password) are not ours.
    if (url.pathname === scope.pathname || url.pathname === `${scope.pathname}index.html`) e.respondWith(fromShell(new Request(scope), request));
  } else if (shell.has(url.origin + url.pathname)) {
    e.respondWith(fromShell(new Request(url.origin + url.pathname), request));
  } else if (request.destination === 'image' && /\/v0\/file\/s\//.test(url.pathname) && !request.headers.has('Range')) {
    e.respondWith(seen(e, url));
  }
});

async function fromShell(key: Request, request: Request): Promise<Response> {
  const cache = await caches.open(shellName);
  return (await cache.match(key)) ?? fetch(request);
}

// Pictures are kept for the one user who is logged in: the page makes the cache
// that has his ID in its name, and removes it when he logs out (src/pwa). With
// none, or more than one, nothing is kept and nothing is given.
const seenPrefix = 'parley-seen-';
const maxOne = 4 << 20; // bytes
const maxAll = 64 << 20;
const maxNumber = 400;

async function seenName(): Promise<string | undefined> {
  const names = (await caches.keys()).filter((n) => n.startsWith(seenPrefix));
  return names.length === 1 ? names[0] : undefined;
}

// The network decides whether the user may see it; what is kept is for when
// there is none.
async function seen(e: FetchEvent, url: URL): Promise<Response> {
  const before = await seenName();
  const key = keyOf(url);
  try {
    const response = await fetch(e.request);
    if (before && response.status === 200 && response.type === 'basic') e.waitUntil(keep(before, key, response.clone()));
    else if (before && [401, 403, 404, 410].includes(response.status)) e.waitUntil(caches.open(before).then((c) => c.delete(key)));
    return response;
  } catch (error) {
    const kept = before && (await caches.has(before)) ? await (await caches.open(before)).match(key) : undefined;
    if (kept) return kept;
    throw error;
  }
}

// keyOf leaves out who asks: keys and tokens change, and are nobody's business.
function keyOf(url: URL): string {
  const key = new URL(url);
  for (const name of ['apikey', 'auth', 'secret', 'token']) key.searchParams.delete(name);
  return key.href;
}

async function keep(name: string, key: string, response: Response): Promise<void> {
  const body = await response.blob();
  if (body.size > maxOne || (await seenName()) !== name) return; // somebody else by now
  const cache = await caches.open(name);
  const headers = new Headers({ 'Content-Type': body.type, 'Content-Length': String(body.size), 'X-Content-Type-Options': 'nosniff' });
  await cache.delete(key); // to its end: the newest is kept longest
  await cache.put(key, new Response(body, { headers }));
  if ((await seenName()) !== name) return void (await caches.delete(name)); // made anew by put, after a log-out
  let [number, all] = [0, 0];
  for (const request of [...(await cache.keys())].reverse()) {
    const size = Number((await cache.match(request))?.headers.get('Content-Length'));
    number++;
    all += size;
    if (number > maxNumber || all > maxAll) await cache.delete(request);
  }
}

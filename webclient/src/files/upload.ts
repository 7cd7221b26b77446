import { sdk } from '../model/session';
import { server } from '../model/server';
import { Problem } from '../model/problem';

// Files go up in one request each (docs/protocol.md; surfaces.md §1.8). The SDK can do this
// too, but it can neither cancel one of several nor say how large the limit is.

/** Largest file that the server takes, bytes; 0: none at all. */
export const maxUpload = (): number => sdk().getServerParam('maxFileUploadSize', server.peek()?.maxUpload ?? 0);

/** Where a file is on this server, and whether the server has a small copy of it too. */
export interface Stored {
  path: string;
  thumb: boolean;
}

/**
 * upload stores a file. onProgress gets 0…1.
 * It fails with a Problem that has the server's code (413 too large), code 0 if the
 * network failed, and an AbortError if signal aborts.
 */
export function upload(file: Blob, signal: AbortSignal, onProgress: (part: number) => void): Promise<Stored> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const abort = () => xhr.abort();
    const done = (f: () => void) => () => {
      signal.removeEventListener('abort', abort);
      f();
    };
    xhr.open('POST', apiPath('file/u/'));
    for (const [name, value] of Object.entries(headers())) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = (e) => {
      if (e.lengthComputable) onProgress(e.loaded / e.total);
    };
    xhr.onload = done(() => {
      const ctrl = answer(xhr.responseText);
      const url = ctrl?.params?.url;
      if (xhr.status === 200 && typeof url === 'string') resolve({ path: new URL(url, new URL(apiPath('file/s/'), location.origin)).pathname, thumb: typeof ctrl?.params?.thumb === 'string' });
      else reject(new Problem(ctrl?.code ?? xhr.status, ctrl?.text ?? xhr.statusText));
    });
    xhr.onerror = done(() => reject(new Problem(0, 'no connection')));
    xhr.onabort = done(() => reject(new DOMException('cancelled', 'AbortError')));
    if (signal.aborted) return void reject(new DOMException('cancelled', 'AbortError'));
    signal.addEventListener('abort', abort);
    const form = new FormData();
    form.append('file', file);
    xhr.send(form);
  });
}

/** Path of something of the server's HTTP interface, below /v0. */
export const apiPath = (rest: string): string => `${server.peek()?.api ?? '/'}v0/${rest}`;

/** Who asks, for requests beside the connection. */
export function headers(): Record<string, string> {
  const out: Record<string, string> = { 'X-Tinode-APIKey': server.peek()?.apiKey ?? '' };
  const token = sdk().getAuthToken()?.token;
  if (token) out['X-Tinode-Auth'] = `Token ${token}`;
  return out;
}

interface Ctrl {
  code: number;
  text: string;
  params?: { url?: unknown; thumb?: unknown };
}
function answer(text: string): Ctrl | undefined {
  try {
    return (JSON.parse(text) as { ctrl?: Ctrl }).ctrl;
  } catch {
    return undefined; // not from our server: a proxy in between
  }
}

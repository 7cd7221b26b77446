import http from 'node:http';

const agent = new http.Agent({ keepAlive: true });

// XHR is as much of XMLHttpRequest as the SDK uses for long polling and files.
export class XHR {
  static origin = ''; // that relative URLs begin with: of the page, in a browser

  readyState = 0;
  status = 0;
  statusText = '';
  responseText = '';
  responseType = '';
  withCredentials = false; // 0.15 wants to see it
  upload = {};
  #request;
  #bytes = [];

  open(method, url) {
    this.readyState = 1;
    // An SDK that was closed asks once more, but at no address.
    if (url) this.#request = http.request(url.startsWith('/') ? XHR.origin + url : url, { method, agent });
  }

  setRequestHeader(name, value) {
    this.#request?.setHeader(name, value);
  }

  get response() {
    return this.responseType === 'blob' ? new Blob(this.#bytes) : this.responseText;
  }

  async send(body) {
    this.#request?.on('response', async (response) => {
      try {
        for await (const chunk of response) {
          this.#bytes.push(chunk);
          this.onprogress?.({ loaded: chunk.length });
        }
      } catch {
        return;
      }
      this.responseText = Buffer.concat(this.#bytes).toString();
      this.status = response.statusCode;
      this.statusText = response.statusMessage;
      this.readyState = 4;
      this.onreadystatechange?.({});
      this.onload?.({});
    });
    // A poll does not keep the program alive, and nobody is told that the server
    // has gone: 0.15 would ask again for ever.
    this.#request?.on('socket', (socket) => this.onload || socket.unref());
    this.#request?.on('error', (error) => this.onload && this.onerror?.(error));
    if (body instanceof FormData) {
      const form = new Response(body); // knows how it is written
      this.#request.setHeader('Content-Type', form.headers.get('Content-Type'));
      body = Buffer.from(await form.arrayBuffer());
      this.upload.onprogress?.({ lengthComputable: true, loaded: body.length, total: body.length });
    }
    this.#request?.end(body ?? '');
  }

  abort() {
    this.#request?.destroy();
    this.onabort?.({});
  }
}

import http from 'node:http';

const agent = new http.Agent({ keepAlive: true });

// XHR is as much of XMLHttpRequest as the SDK uses for long polling.
export class XHR {
  readyState = 0;
  status = 0;
  responseText = '';
  withCredentials = false; // 0.15 wants to see it
  upload = {};
  #request;

  open(method, url) {
    this.readyState = 1;
    // An SDK that was closed asks once more, but at no address.
    if (url) this.#request = http.request(url, { method, agent });
  }

  send(body) {
    this.#request?.on('response', async (response) => {
      response.setEncoding('utf8');
      try {
        for await (const chunk of response) this.responseText += chunk;
      } catch {
        return;
      }
      this.status = response.statusCode;
      this.readyState = 4;
      this.onreadystatechange?.({});
    });
    // A poll does not keep the program alive, and nobody is told that the server
    // has gone: 0.15 would ask again for ever.
    this.#request?.on('socket', (socket) => socket.unref());
    this.#request?.on('error', () => {});
    this.#request?.end(body ?? '');
  }

  abort() {
    this.#request?.destroy();
  }
}

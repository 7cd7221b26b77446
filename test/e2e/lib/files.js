import { XHR } from './xhr.js';

const origin = (client) => `http://${client.host}`;

// upload sends a file as the web app does; topic is whose picture it is.
export function upload(client, text, { type = 'text/plain', topic } = {}) {
  XHR.origin = origin(client);
  const file = new Blob([text], { type });
  const helper = client.tinode.getLargeFileHelper();
  // Whose picture it is can be said since 0.17.
  return client.since(17) ? helper.upload(file, topic) : helper.upload(file);
}

// What a page has and Node lacks; downloads end as a click on a link.
let saved;
class FileReader {
  async readAsText(blob) {
    this.result = await blob.text();
    this.onload();
  }
}
const page = (client) => ({
  Tinode: client.Tinode, // 0.17 and 0.18 look for it there
  FileReader,
  window: {
    location: { origin: origin(client) },
    URL: {
      createObjectURL(blob) {
        saved = blob;
        return 'blob:';
      },
      revokeObjectURL() {},
    },
  },
  document: {
    createElement: () => ({ style: {}, setAttribute() {}, click() {} }),
    body: { appendChild() {}, removeChild() {} },
  },
});

let last = Promise.resolve(); // one download at a time has the page

// download returns a file's text; it fails with what the server says.
export function download(client, url) {
  const one = async () => {
    XHR.origin = origin(client);
    const things = page(client);
    Object.assign(globalThis, things);
    try {
      await client.tinode.getLargeFileHelper().download(url, 'name', 'text/plain', () => {}, () => {});
      return await saved.text();
    } finally {
      for (const name of Object.keys(things)) delete globalThis[name];
    }
  };
  return (last = last.then(one, one));
}

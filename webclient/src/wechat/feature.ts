import type { Feature } from '../app/feature';
import { server } from '../model/server';

// Inside WeChat, where the server is set up for it, a page can be shared and voice be
// recorded by WeChat's JS-SDK. The server says so in client.json, to WeChat's own
// browser alone; everywhere else nothing of this is loaded.
export const feature: Feature = {
  start: () => {
    const info = server.peek()?.wechat;
    if (!info) return;
    let end = () => {};
    let over = false;
    import('./sdk').then(
      (m) => {
        if (!over) end = m.begin(info);
      },
      () => {}, // the page works without
    );
    return () => {
      over = true;
      end();
    };
  },
};

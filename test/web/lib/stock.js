import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

// stockFolder is the published web app of Tinode, as an operator unpacks it.
export const stockFolder = dirname(require.resolve('tinode-webapp/package.json'));

const packaged = (name, file) => join(dirname(require.resolve(`${name}/package.json`)), file);
// What its page loads from other hosts, from npm packages instead.
const scripts = [
  [/\/npm\/react@18[^/]*\/umd\/react\.production\.min\.js$/, packaged('react', 'umd/react.production.min.js')],
  [/\/npm\/react-dom@18[^/]*\/umd\/react-dom\.production\.min\.js$/, packaged('react-dom', 'umd/react-dom.production.min.js')],
  [/\/npm\/react-intl@7[^/]*\/react-intl\.iife(\.min)?\.js$/, packaged('react-intl', 'react-intl.iife.js')],
  [/\/npm\/qrcodejs@1[^/]*\/qrcode\.min\.js$/, packaged('qrcodejs', 'qrcode.min.js')],
];

// offline answers for the hosts of libraries and fonts. What else is asked for
// elsewhere is refused and noted in the list that is returned.
export async function offline(browser) {
  const asked = [];
  await browser.context.route((url) => url.host !== browser.server.host && !['data:', 'blob:'].includes(url.protocol), async (route) => {
    const url = route.request().url();
    const file = scripts.find(([pattern]) => pattern.test(url))?.[1];
    if (file) {
      return route.fulfill({ body: await readFile(file), contentType: 'text/javascript', headers: { 'Access-Control-Allow-Origin': '*' } });
    }
    if (/^https:\/\/polyfill-fastly\.io\//.test(url)) { // nothing that this browser lacks
      return route.fulfill({ body: '', contentType: 'text/javascript', headers: { 'Access-Control-Allow-Origin': '*' } });
    }
    if (!/^https:\/\/fonts\.(googleapis|gstatic)\.com\//.test(url)) asked.push(url);
    return route.abort();
  });
  return asked;
}

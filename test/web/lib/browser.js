import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { patience } from './patience.js';

// Debian's Chromium; and, where that is the one, Debian's that has no windows: it does the
// same with half the work, but refuses notifications before anybody was asked.
const whole = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const shell = whole === '/usr/bin/chromium' && existsSync('/usr/bin/chromium-headless-shell') ? '/usr/bin/chromium-headless-shell' : whole;
// Without what talks to other hosts by itself.
const args = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-default-apps', '--disable-domain-reliability', '--disable-breakpad',
  '--font-render-hinting=none', '--disable-lcd-text', '--force-color-profile=srgb', '--hide-scrollbars',
  // calls and voice messages: a camera and a microphone that are none
  '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream',
];

export const sizes = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
  narrow: { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true },
};

let running;
const open = new Set();

// Browser is what one person has before him: storage of his own, one or more
// pages. Whatever goes wrong on them fails the test in close().
export class Browser {
  static whole = false; // a file that needs the one with windows says so
  faults = [];
  hosts = []; // other hosts that a test has itself

  // size is one of sizes; more are options of Playwright's newContext.
  static async open(server, size = 'desktop', more = {}) {
    running ??= chromium.launch({ executablePath: Browser.whole ? whole : shell, args, timeout: 60_000 * patience }); // once, whoever comes first
    const b = new Browser();
    b.server = server;
    b.touch = !!sizes[size].hasTouch;
    b.context = await (await running).newContext({
      ...sizes[size], baseURL: server.url, locale: 'en-GB', timezoneId: 'UTC', colorScheme: 'light', reducedMotion: 'reduce',
      // What a worker answers cannot be altered by route(); tests of it allow it.
      serviceWorkers: 'block', ...more,
    });
    b.context.setDefaultTimeout(15_000 * patience);
    await b.context.route((url) => url.host !== server.host && !b.hosts.includes(url.host) && !['data:', 'blob:'].includes(url.protocol), (route) => {
      b.faults.push(`request to another host: ${route.request().url()}`);
      return route.abort();
    });
    b.context.on('page', (page) => b.#watch(page));
    if (!Browser.whole && shell !== whole) {
      await b.context.addInitScript(() => Object.defineProperty(Notification, 'permission', { get: () => 'default', configurable: true }));
    }
    b.page = await b.context.newPage();
    open.add(b);
    return b;
  }

  // allow lists texts of the console that a test brings about on purpose.
  allow = [];

  #watch(page) {
    const fault = (text) => {
      if (!this.allow.some((a) => (a instanceof RegExp ? a.test(text) : text.includes(a)))) this.faults.push(text);
    };
    page.on('console', (m) => {
      if (m.type() === 'error' || /Content.Security.Policy/i.test(m.text())) fault(`console: ${m.text()} (${m.location().url})`);
    });
    page.on('pageerror', (e) => fault(`page error: ${e.stack || e}`));
    page.on('crash', () => fault('the page crashed'));
  }

  async close() {
    open.delete(this);
    await this.context.close();
    if (this.faults.length > 0) throw new Error(`the page complained:\n${this.faults.join('\n')}`);
  }
}

// endBrowsers closes what is left; each file of tests ends with it.
export async function endBrowsers() {
  const left = [...open];
  const results = await Promise.allSettled(left.map((b) => b.close()));
  await (await running)?.close();
  running = undefined;
  const failed = results.find((r) => r.status === 'rejected');
  if (failed) throw failed.reason;
}

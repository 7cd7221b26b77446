import { effect } from '@preact/signals';
import { link } from '../app/router';
import { t } from '../i18n';
import { profile } from '../model/contacts';
import { product, type ServerInfo } from '../model/server';
import { myID } from '../model/session';
import { recorder } from './recorder';
import { weChatVoice } from './state';
import { ask, wants, type Wx } from './wx';

type Info = NonNullable<ServerInfo['wechat']>;

declare global {
  interface Window {
    wx?: Wx;
  }
}

// begin sets the SDK up; what it returns ends it.
export function begin(info: Info): () => void {
  let end = () => {};
  let over = false;
  configure(info).then(
    (wx) => {
      if (over) return;
      end = offer(wx, info);
    },
    (e: unknown) => console.warn('WeChat:', e), // the page works without
  );
  return () => {
    over = true;
    end();
    weChatVoice.value = null;
  };
}

// configure loads the script and has the server sign this page.
export async function configure(info: Info): Promise<Wx> {
  await load(info.script);
  const wx = window.wx;
  if (!wx) throw new Error('the script is not the JS-SDK');
  const page = location.href.split('#')[0] as string; // as the browser has it: WeChat adds to it
  const answer = await fetch(`${info.config}?url=${encodeURIComponent(page)}`);
  if (!answer.ok) throw new Error(`${info.config}: ${answer.status}`);
  const signed = (await answer.json()) as { appId: string; timestamp: number; nonceStr: string; signature: string };
  await new Promise<void>((resolve, reject) => {
    wx.error((e) => reject(new Error((e as { errMsg?: string })?.errMsg ?? 'config failed')));
    wx.ready(resolve);
    wx.config({ debug: false, ...signed, jsApiList: wants });
  });
  return wx;
}

function load(src: string): Promise<void> {
  if (window.wx) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = src;
    script.onload = () => resolve();
    script.onerror = () => reject(new Error(`${src} cannot be loaded`));
    document.head.append(script);
  });
}

// offer lets the page be shared, and voice be recorded.
function offer(wx: Wx, info: Info): () => void {
  if (info.voice) weChatVoice.value = { record: recorder(wx, info.voice), playable: info.playable };
  return effect(() => {
    const who = profile.value.name;
    if (!myID.value) return;
    void share(wx, { title: who ? `${who} · ${product()}` : product(), desc: t('invite.text'), link: new URL(link('u', myID.value), location.href).href });
  });
}

// share says what others see of the page when it is passed on by WeChat's menu: the link
// by which they find the user.
export async function share(wx: Wx, page: { title: string; desc: string; link: string }): Promise<void> {
  const image = document.querySelector<HTMLLinkElement>('link[rel~="icon"]')?.href ?? '';
  await Promise.allSettled([
    ask(wx, 'updateAppMessageShareData', { ...page, imgUrl: image }),
    ask(wx, 'updateTimelineShareData', { title: page.title, link: page.link, imgUrl: image }),
  ]);
}

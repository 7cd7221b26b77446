import { beforeEach, expect, test, vi } from 'vitest';
import { ask, wants, type Wx } from './wx';

// A wx that keeps what the page does, and answers as a test wants it.
function fakeWx(over: Partial<Record<string, (o: any) => void>> = {}): Wx & { calls: [string, any][] } {
  const calls: [string, any][] = [];
  const ready: (() => void)[] = [];
  const wx: any = { calls, ready: (f: () => void) => ready.push(f), error: (f: unknown) => (wx.failed = f) };
  wx.config = (o: any) => {
    calls.push(['config', o]);
    setTimeout(() => ready.forEach((f) => f()));
  };
  wx.onVoiceRecordEnd = (o: any) => (wx.ended = o.complete);
  const answers: Record<string, object> = { stopRecord: { localId: 'local-1' }, uploadVoice: { serverId: 'media-1' } };
  for (const name of wants.filter((w) => w !== 'onVoiceRecordEnd')) {
    wx[name] = (o: any) => {
      calls.push([name, o]);
      (over[name] ?? ((x: any) => x.success(answers[name] ?? {})))(o);
    };
  }
  return wx;
}

const page = { href: 'https://chat.example.com/?from=singlemessage&isappinstalled=0#/c/usrAbc', origin: 'https://chat.example.com', hash: '#/c/usrAbc' };
const info = { script: 'https://res.wx.qq.com/open/js/jweixin-1.6.0.js', config: '/v0/wechat/jssdk', voice: '/v0/wechat/voice', playable: true };
let requests: [string, any][];
let answers: Record<string, () => Response>;

beforeEach(() => {
  vi.resetModules();
  requests = [];
  answers = {
    '/v0/wechat/jssdk': () => Response.json({ appId: 'wx1', timestamp: 1700000000, nonceStr: 'n', signature: 's' }),
    '/v0/wechat/voice': () => Response.json({ ctrl: { code: 200, text: 'ok', params: { url: '/v0/file/s/abc.mp3', mime: 'audio/mpeg', duration: 2000 } } }),
    '/v0/file/s/abc.mp3': () => new Response('sound'),
  };
  vi.stubGlobal('location', page);
  vi.stubGlobal('addEventListener', () => {});
  vi.stubGlobal('navigator', { language: 'en', languages: ['en'] });
  vi.stubGlobal('history', { state: null });
  vi.stubGlobal('localStorage', { getItem: () => null, setItem() {}, removeItem() {} });
  vi.stubGlobal('document', { querySelector: () => null, documentElement: { lang: 'en' }, createElement: () => ({}), head: { append: (s: any) => setTimeout(() => s.onload()) } });
  vi.stubGlobal('fetch', async (url: string, o?: any) => {
    requests.push([url, o]);
    return answers[url.split('?')[0] as string]?.() ?? new Response('', { status: 404 });
  });
  vi.doMock('../files/upload', () => ({ apiPath: (p: string) => `/v0/${p}`, headers: () => ({ 'X-Tinode-Auth': 'Token t' }) }));
});

test('the page is signed as the browser has it, without the fragment', async () => {
  const wx = fakeWx();
  vi.stubGlobal('window', { wx });
  const { configure } = await import('./sdk');
  expect(await configure(info)).toBe(wx);
  expect(requests[0]![0]).toBe(`/v0/wechat/jssdk?url=${encodeURIComponent('https://chat.example.com/?from=singlemessage&isappinstalled=0')}`);
  const [what, config] = wx.calls[0]!;
  expect(what).toBe('config');
  expect(config).toEqual({ debug: false, appId: 'wx1', timestamp: 1700000000, nonceStr: 'n', signature: 's', jsApiList: wants });
});

test('a script that is not there, a server that refuses, a WeChat that refuses', async () => {
  vi.stubGlobal('window', {});
  const { configure } = await import('./sdk');
  await expect(configure(info)).rejects.toThrow('not the JS-SDK');
  const wx = fakeWx();
  vi.stubGlobal('window', { wx });
  answers['/v0/wechat/jssdk'] = () => new Response('{}', { status: 403 });
  await expect(configure(info)).rejects.toThrow('403');
  answers['/v0/wechat/jssdk'] = () => Response.json({ appId: 'wx1' });
  (wx as any).config = () => (wx as any).failed({ errMsg: 'config:invalid signature' });
  await expect(configure(info)).rejects.toThrow('invalid signature');
});

test('sharing fails in silence', async () => {
  const { share } = await import('./sdk');
  const wx = fakeWx({ updateTimelineShareData: (o) => o.fail({ errMsg: 'no' }) });
  await share(wx, { title: 'T', desc: 'D', link: 'https://chat.example.com/#/u/usrMe' });
  expect(wx.calls.map(([what, o]) => [what, o.title, o.link])).toEqual([
    ['updateAppMessageShareData', 'T', 'https://chat.example.com/#/u/usrMe'],
    ['updateTimelineShareData', 'T', 'https://chat.example.com/#/u/usrMe'],
  ]);
});

test('a recording comes back from the server as a file', async () => {
  vi.useFakeTimers();
  const { recorder } = await import('./recorder');
  const wx = fakeWx();
  const levels: number[] = [];
  const r = await recorder(wx, info.voice)((_, ms) => levels.push(ms), () => {});
  vi.advanceTimersByTime(2_000);
  const p = await r.finish();
  vi.useRealTimers();
  expect(levels.length).toBe(25);
  expect({ ...p, file: undefined }).toEqual({ kind: 'audio', file: undefined, name: 'voice.mpeg', mime: 'audio/mpeg', duration: 2000, ref: '/v0/file/s/abc.mp3' });
  expect(await p!.file.text()).toBe('sound');
  expect(requests[0]![1]).toMatchObject({ method: 'POST', body: '{"media_id":"media-1"}', headers: { 'X-Tinode-Auth': 'Token t' } });
  expect(wx.calls.map(([what]) => what)).toEqual(['startRecord', 'stopRecord', 'uploadVoice']);
});

test('a recording of a minute ends by itself; a short one is none; a refusal is told', async () => {
  vi.useFakeTimers();
  const { recorder } = await import('./recorder');
  const wx = fakeWx();
  let full = 0;
  const r = await recorder(wx, info.voice)(() => {}, () => full++);
  vi.advanceTimersByTime(60_000);
  (wx as any).ended({ localId: 'local-60' });
  expect(full).toBe(1);
  await r.finish();
  expect(wx.calls.map(([what, o]) => [what, o.localId])).toEqual([['startRecord', undefined], ['uploadVoice', 'local-60']]);
  const short = await recorder(wx, info.voice)(() => {}, () => {});
  vi.advanceTimersByTime(300);
  expect(await short.finish()).toBeUndefined();
  answers['/v0/wechat/voice'] = () => Response.json({ ctrl: { code: 404, text: 'not found' } }, { status: 404 });
  const gone = await recorder(wx, info.voice)(() => {}, () => {});
  vi.advanceTimersByTime(2_000);
  await expect(gone.finish()).rejects.toMatchObject({ code: 404 });
  await expect(recorder(fakeWx({ startRecord: (o) => o.cancel() }), info.voice)(() => {}, () => {})).rejects.toThrow('refused');
  vi.useRealTimers();
});

test('a function that never answers fails', async () => {
  vi.useFakeTimers();
  const waiting = ask(fakeWx({ uploadVoice: () => {} }), 'uploadVoice', {}, 1_000);
  vi.advanceTimersByTime(1_000);
  await expect(waiting).rejects.toThrow('no answer');
  vi.useRealTimers();
});

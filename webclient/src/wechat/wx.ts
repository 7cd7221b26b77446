// The JS-SDK as far as it is used. Its functions take callbacks; ask makes promises of
// them.

export interface Wx {
  config(o: { debug: boolean; appId: string; timestamp: number; nonceStr: string; signature: string; jsApiList: string[] }): void;
  ready(f: () => void): void;
  error(f: (e: unknown) => void): void;
  updateAppMessageShareData(o: Options): void;
  updateTimelineShareData(o: Options): void;
  startRecord(o: Options): void;
  stopRecord(o: Options): void;
  onVoiceRecordEnd(o: { complete(r: { localId: string }): void }): void;
  uploadVoice(o: Options): void;
}

type Options = { success?: (r: Record<string, string>) => void; fail?: (e: unknown) => void; cancel?: () => void } & Record<string, unknown>;

type Asked = 'updateAppMessageShareData' | 'updateTimelineShareData' | 'startRecord' | 'stopRecord' | 'uploadVoice';

export const wants: (Asked | 'onVoiceRecordEnd')[] = [
  'updateAppMessageShareData',
  'updateTimelineShareData',
  'startRecord',
  'stopRecord',
  'onVoiceRecordEnd',
  'uploadVoice',
];

// ask calls a function of the SDK. One that never answers fails after a while.
export function ask(wx: Wx, what: Asked, o: Record<string, unknown> = {}, limit = 30_000): Promise<Record<string, string>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what}: no answer`)), limit);
    const done = <T>(f: (v: T) => void) => (v: T) => (clearTimeout(timer), f(v));
    wx[what]({
      ...o,
      success: done(resolve),
      fail: done((e: unknown) => reject(new Error(`${what}: ${(e as { errMsg?: string })?.errMsg ?? 'failed'}`))),
      cancel: () => done(reject)(new DOMException('refused', 'NotAllowedError')),
    });
  });
}

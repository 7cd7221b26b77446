import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { until } from './until.js';

// WeChat is the fake of internal/fake/wechat as a process.
export class WeChat {
  #process;
  #control;

  async start() {
    const program = process.env.FAKE_WECHAT;
    if (!program) throw new Error('FAKE_WECHAT is not set; scripts/web.sh builds it and sets it');
    const child = spawn(program, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk) => (said += chunk));
    this.#process = child;
    await until('the fake WeChat says where it is', () => said.endsWith('\n') || child.exitCode !== null);
    [this.url, this.#control] = said.trim().split(' ');
    this.host = new URL(this.url).host;
    return this;
  }

  async control(body) {
    const answer = await fetch(this.#control, body ? { method: 'POST', body: JSON.stringify(body) } : {});
    if (!answer.ok) throw new Error(`the fake WeChat: ${answer.status} ${await answer.text()}`);
    return await answer.json();
  }

  async close() {
    this.#process.kill();
    await once(this.#process, 'exit');
  }
}

// inWeChat is what WeChat's own browser calls itself.
export const inWeChat =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0 Mobile Safari/537.36 XWEB/1300 MicroMessenger/8.0.50 NetType/WIFI Language/en';

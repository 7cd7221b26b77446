import { signal } from '@preact/signals';
import { local } from './storage';

// What the server says of itself before anybody logs in: server/webapp.go.
export interface ServerInfo {
  product: string;
  version: string;
  api: string; // path of the protocol, begins and ends with "/"
  apiKey: string;
  registration: 'open' | 'invite' | 'closed';
  minLogin: number; // characters
  maxLogin: number;
  minPassword: number;
  required: string[]; // addresses a new account must give: "email", "tel"
  reset: string[]; // by which a forgotten password can be replaced
  providers: { name: string; title: string; start: string }[];
  calls: boolean;
  maxUpload: number; // bytes; 0: no files
  // Inside WeChat, where its JS-SDK may be used: server/wechat_page.go.
  wechat?: {
    script: string; // URL of the JS-SDK
    config: string; // path of the parameters for wx.config
    voice: string; // path that makes a file of a recording; empty: there are no files
    playable: boolean; // in a form that browsers play
  };
}

export const server = signal<ServerInfo | null>(null);

const kept = 'server';

// learn asks the server; without a network, what it said last time is used.
export async function learn(): Promise<void> {
  try {
    const answer = await fetch('client.json', { cache: 'no-cache' });
    if (!answer.ok) throw new Error(`client.json: ${answer.status}`);
    server.value = (await answer.json()) as ServerInfo;
    local.put(kept, server.value);
  } catch (e) {
    server.value = local.get<ServerInfo>(kept);
    if (!server.value) throw e;
  }
  document.title = server.value.product;
}

export const product = () => server.value?.product ?? 'Parley';

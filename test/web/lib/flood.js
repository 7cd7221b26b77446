import { Raw, secretOf } from './raw.js';

// flood makes a conversation of n messages of login with peer, over connections of
// its own, as fast as the server takes them. The text says which one it is: "message 7 …". It
// returns the name of the topic.
export async function flood(server, login, pass, peer, n) {
  const raw = await Raw.open(server);
  await raw.must('login', { scheme: 'basic', secret: secretOf(login, pass) });
  await raw.must('sub', { topic: peer });
  const words = 'lorem ipsum dolor sit amet consetetur sadipscing elitr sed diam nonumy eirmod tempor'.split(' ');
  let next = 1;
  const line = async () => {
    while (next <= n) {
      const k = next++;
      const text = Array.from({ length: (k * 7) % 60 }, (_, w) => words[(w * k) % words.length]).join(' ');
      await raw.must('pub', { topic: peer, noecho: true, content: `message ${k} ${text}` });
    }
  };
  await Promise.all(Array.from({ length: 200 }, line)); // on their way at once; the server keeps their order
  raw.close();
}

// enrol makes an account and returns its user.
export async function enrol(server, login, pass, name) {
  const raw = await Raw.open(server);
  const { params } = await raw.must('acc', { user: 'new', scheme: 'basic', secret: secretOf(login, pass), login: false, desc: { public: { fn: name } } });
  raw.close();
  return params.user;
}

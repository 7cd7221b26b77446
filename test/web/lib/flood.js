import { Raw } from './raw.js';

// flood writes n messages of one to the other, over a connection of its own, as fast as
// the server takes them. The text says which one it is: "message 7 …".
export async function flood(server, from, to, n) {
  const raw = await Raw.open(server);
  await raw.must('login', { scheme: 'token', secret: from.token });
  await raw.must('sub', { topic: to.user });
  const words = 'lorem ipsum dolor sit amet consetetur sadipscing elitr sed diam nonumy eirmod tempor'.split(' ');
  let next = 1;
  const line = async () => {
    while (next <= n) {
      const k = next++;
      const text = Array.from({ length: (k * 7) % 60 }, (_, w) => words[(w * k) % words.length]).join(' ');
      await raw.must('pub', { topic: to.user, noecho: true, content: `message ${k} ${text}` });
    }
  };
  await Promise.all(Array.from({ length: 200 }, line)); // on their way at once; the server keeps their order
  raw.close();
}

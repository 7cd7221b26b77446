// flood fills a conversation up to message n, over a connection of its own, as fast as the
// server takes them. The text says which one it is.
export async function flood(b, topic, n) {
  await b.page.evaluate(async ([topic, n]) => {
    const { token } = JSON.parse(localStorage.getItem('parley.account'));
    const { apiKey } = JSON.parse(localStorage.getItem('parley.server'));
    const socket = new WebSocket(`ws://${location.host}/v0/channels?apikey=${apiKey}`);
    await new Promise((resolve, reject) => ((socket.onopen = resolve), (socket.onerror = reject)));
    const waiting = new Map();
    socket.onmessage = (e) => {
      const { ctrl } = JSON.parse(e.data);
      const w = ctrl?.id && waiting.get(ctrl.id);
      if (!w) return;
      waiting.delete(ctrl.id);
      if (ctrl.code < 400) w.resolve(ctrl);
      else w.reject(new Error(`${ctrl.code} ${ctrl.text}`));
    };
    let next = 1;
    const ask = (kind, body) =>
      new Promise((resolve, reject) => {
        const id = String(next++);
        waiting.set(id, { resolve, reject });
        socket.send(JSON.stringify({ [kind]: { id, ...body } }));
      });
    await ask('hi', { ver: '0.25', ua: 'flood' });
    await ask('login', { scheme: 'token', secret: token });
    await ask('sub', { topic });
    const words = 'lorem ipsum dolor sit amet consetetur sadipscing elitr sed diam nonumy eirmod tempor'.split(' ');
    for (let i = 2; i <= n; i += 30) {
      const batch = [];
      for (let k = i; k < i + 30 && k <= n; k++) {
        const text = Array.from({ length: (k * 7) % 60 }, (_, w) => words[(w * k) % words.length]).join(' ');
        batch.push(ask('pub', { topic, noecho: true, content: `message ${k} ${text}` }));
      }
      await Promise.all(batch);
    }
    socket.close();
  }, [topic, n]);
}

import { describe, expect, it } from 'vitest';
import { cpuMillis } from '../testing';
import { assemble, attachmentsOf, authorOf, bigEmoji, type Content, forwarded, fromTree, Graphemes, isSeen, parse, partsOf, plainText, previewText, quote, renderNodes, safeUrl, shorten, tagsOf, toMarkdown, toTree } from '.';
import { otherPlace } from './url';

const labels = { image: 'Picture', audio: 'Voice message', video: 'Video', file: 'File', call: 'Call', card: 'Contact' };
const html = (content: unknown) => write(renderNodes(toTree(content)));

// write makes HTML of elements, as far as is needed here.
function write(v: unknown): string {
  if (Array.isArray(v)) return v.map(write).join('');
  if (v === null || v === undefined || typeof v === 'boolean') return '';
  if (typeof v !== 'object') return String(v).replace(/&/g, '&amp;').replace(/</g, '&lt;');
  const { type, props } = v as { type: unknown; props: Record<string, unknown> };
  if (typeof type !== 'string') throw new Error(`no element: ${String(type)}`);
  const attributes = Object.entries(props)
    .filter(([k, x]) => k !== 'children' && k !== 'key' && typeof x === 'string')
    .map(([k, x]) => ` ${k}="${String(x).replace(/"/g, '&quot;')}"`)
    .join('');
  return type === 'br' ? '<br/>' : `<${type}${attributes}>${write(props.children)}</${type}>`;
}
const people = new Map([
  ['Anna', 'usrAnna'],
  ['Anna Smith', 'usrSmith'],
]);

describe('graphemes', () => {
  it.each([
    ['plain', 5],
    ['e\u0301a', 2],
    ['👩‍👩‍👧‍👦!', 2],
    ['🇩🇪🇫🇷', 2],
    ['a\r\nb', 3],
    ['', 0],
  ])('counts %j as %i', (text, n) => expect(new Graphemes(text).length).toBe(n));
  it('cuts between clusters', () => {
    const g = new Graphemes('a👩‍👩‍👧‍👦b');
    expect(g.slice(1, 2)).toBe('👩‍👩‍👧‍👦');
    expect(g.cluster(g.unit(2))).toBe(2);
    expect(shorten('👩‍👩‍👧‍👦'.repeat(50), 3)).toBe('👩‍👩‍👧‍👦'.repeat(3) + '…');
  });
});

describe('parse', () => {
  const rows: [string, Content][] = [
    ['just text', 'just text'],
    ['*bold*', { txt: 'bold', fmt: [{ at: 0, len: 4, tp: 'ST' }] }],
    ['**bold** text', { txt: 'bold text', fmt: [{ at: 0, len: 4, tp: 'ST' }] }],
    ['_it_ ~no~ `x*y*`', { txt: 'it no x*y*', fmt: [{ at: 0, len: 2, tp: 'EM' }, { at: 3, len: 2, tp: 'DL' }, { at: 6, len: 4, tp: 'CO' }] }],
    ['*a _b_ c*', { txt: 'a b c', fmt: [{ at: 0, len: 5, tp: 'ST' }, { at: 2, len: 1, tp: 'EM' }] }],
    ['👩‍👩‍👧‍👦 *x*', { txt: '👩‍👩‍👧‍👦 x', fmt: [{ at: 2, len: 1, tp: 'ST' }] }],
    ['2*3*4 snake_case_name a * b * c', '2*3*4 snake_case_name a * b * c'],
    ['\\*not bold\\*', '*not bold*'],
    ['one\ntwo', { txt: 'one two', fmt: [{ at: 3, len: 1, tp: 'BR' }] }],
    ['```\na\nb\n```', { txt: 'a b', fmt: [{ at: 0, len: 3, tp: 'CO' }, { at: 1, len: 1, tp: 'BR' }] }],
    ['> said\nno', { txt: 'said no', fmt: [{ at: 0, len: 4, tp: 'QQ' }, { at: 4, len: 1, tp: 'BR' }] }],
    ['see https://a.example/x_(y).', { txt: 'see https://a.example/x_(y).', fmt: [{ at: 4, len: 23, key: 0 }], ent: [{ tp: 'LN', data: { url: 'https://a.example/x_(y)' } }] }],
    ['www.example.org', { txt: 'www.example.org', fmt: [{ at: 0, len: 15, key: 0 }], ent: [{ tp: 'LN', data: { url: 'https://www.example.org/' } }] }],
    ['[here](https://a.example/)', { txt: 'here', fmt: [{ at: 0, len: 4, key: 0 }], ent: [{ tp: 'LN', data: { url: 'https://a.example/' } }] }],
    ['[here](javascript:alert)', '[here](javascript:alert)'],
    ['a@b.example', { txt: 'a@b.example', fmt: [{ at: 0, len: 11, key: 0 }], ent: [{ tp: 'LN', data: { url: 'mailto:a@b.example' } }] }],
    ['#tag and x#y', { txt: '#tag and x#y', fmt: [{ at: 0, len: 4, key: 0 }], ent: [{ tp: 'HT', data: { val: 'tag' } }] }],
    ['@Anna Smith and @Nobody', { txt: '@Anna Smith and @Nobody', fmt: [{ at: 0, len: 11, key: 0 }], ent: [{ tp: 'MN', data: { val: 'usrSmith' } }] }],
  ];
  it.each(rows)('%j', (typed, want) => expect(parse(typed, people)).toEqual(want));

  it.each([...rows.map(([typed]) => typed), '> a\n> *b*\n\n```\n*x*\n```\nend', '* * *', '\\> no quote', '_*x*_', 'a\\\\b', '# 1', '[a](b)', '*a `*` b*'])('comes back as typed: %j', (typed) => {
    const content = parse(typed, people);
    const back = toMarkdown(content);
    expect(parse(back.text, back.mentions)).toEqual(content);
  });

  it('takes long hostile lines in linear time', { timeout: 60_000 }, () => {
    for (const bad of ['*a'.repeat(50_000), '`'.repeat(99_999), '[a]('.repeat(20_000), '@'.repeat(50_000), '~~_*'.repeat(20_000)]) {
      const start = cpuMillis();
      parse(bad, people);
      expect(cpuMillis() - start).toBeLessThan(10_000);
    }
  });
});

describe('render', () => {
  it('shows formats', () => {
    expect(html(parse('*b* _i_ ~s~ `c`'))).toBe('<strong>b</strong> <em>i</em> <s>s</s> <code>c</code>');
    expect(html(parse('```\na\nb\n```'))).toBe('<pre><code>a\nb</code></pre>');
    expect(html(parse('> q'))).toBe('<blockquote>q</blockquote>');
    expect(html('a\nb')).toBe('a<br/>b');
    expect(html(parse('a\n> q\n\nb'))).toBe('a<blockquote>q</blockquote><br/>b');
  });
  it('lets no HTML and no foreign scheme through', () => {
    expect(html('<img src=x onerror=alert(1)>')).toBe('&lt;img src=x onerror=alert(1)>');
    for (const url of ['javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'data:text/html,x', 'vbscript:x', 'file:///etc/passwd', '//evil.example', 'https://a@evil.example', ' javascript:x', 'blob:https://a/b', 7, null]) {
      expect(safeUrl(url)).toBeUndefined();
      expect(html({ txt: 'x', fmt: [{ at: 0, len: 1, key: 0 }], ent: [{ tp: 'LN', data: { url } }] })).toBe('<span>x</span>');
    }
    expect(html({ txt: 'x', fmt: [{ len: 1 }], ent: [{ tp: 'LN', data: { url: 'https://a.example/"><script>' } }] })).not.toContain('<script>');
  });
  it('leaves the text of what it does not know', () => {
    expect(html({ txt: 'new', fmt: [{ at: 0, len: 3, tp: 'ZZ' }] })).toBe('new');
    expect(html({ txt: 'new', fmt: [{ at: 0, len: 3, key: 0 }], ent: [{ tp: 'script', data: { src: 'x' } }] })).toBe('new');
    expect(html({ txt: 'hidden', fmt: [{ at: 0, len: 6, tp: 'HD' }] })).toBe('');
  });
  it.each(['TC', 'CH', 'XX'])('shows the text of a %s, and knows where there is none', (tp) => {
    const card = (txt: string) => ({ txt, fmt: [{ len: txt.length, key: 0 }], ent: [{ tp, data: { val: 'x' } }] });
    expect(html(card('the card'))).toBe('the card');
    expect(isSeen(toTree(card('the card')))).toBe(true);
    expect(previewText(card('the card'), labels)).toBe('the card');
    expect(toTree(fromTree(toTree(card('the card'))))).toEqual(toTree(card('the card')));
    for (const none of [card(' '), card(''), { ent: [{ tp }] }, { fmt: [{ at: -1, key: 0 }], ent: [{ tp }] }]) expect(isSeen(toTree(none))).toBe(false);
  });
  it.each([
    ['https://bank.example', 'https://evil.example/', 'evil.example'],
    ['bank.example/login', 'https://evil.example/', 'evil.example'],
    ['WWW.bank.example', 'https://evil.example/', 'evil.example'],
    ['log in at https://bank.example now', 'https://evil.example/', 'evil.example'],
    ['https://bank.example@evil.example/', 'https://evil.example/', 'evil.example'],
    ['https://bank.exam\u200bple', 'https://evil.example/', 'evil.example'],
    ['help@bank.example', 'mailto:me@evil.example', 'me@evil.example'],
    ['help@bank.example', 'https://evil.example/', 'evil.example'],
    ['https://b\u0430nk.example', 'https://bank.example/', 'bank.example'], // a Cyrillic a
    ['https://bank.example', 'https://xn--bnk-5cd.example/', 'xn--bnk-5cd.example'],
    ['https://bank.example/a?b', 'https://www.bank.example/c', undefined],
    ['www.bank.example:8443.', 'https://bank.example:8443/', undefined],
    ['http://B\u00dccher.example', 'https://xn--bcher-kva.example/', undefined],
    ['help@bank.example', 'mailto:Help@bank.example?subject=x', undefined],
    ['here', 'https://evil.example/', undefined],
    ['see the notes, v1.2', 'https://evil.example/', undefined],
  ])('a link called %j that leads to %s', (text, url, want) => {
    expect(otherPlace(text, safeUrl(url)!)).toBe(want);
    expect(html({ txt: text, fmt: [{ len: [...new Intl.Segmenter().segment(text)].length, key: 0 }], ent: [{ tp: 'LN', data: { url } }] }).includes(` (${want})</bdi>`)).toBe(want !== undefined);
  });
  it('looks at long texts of links in linear time', () => {
    for (const bad of ['a'.repeat(100_000), 'a.'.repeat(50_000), '@a'.repeat(50_000), ' '.repeat(100_000), 'a:/'.repeat(30_000)]) {
      const start = cpuMillis();
      otherPlace(bad, 'https://a.example/');
      expect(cpuMillis() - start).toBeLessThan(1_000);
    }
  });
  it('drops the later of two spans that overlap', () => {
    expect(html({ txt: 'abcd', fmt: [{ at: 0, len: 3, tp: 'ST' }, { at: 2, len: 2, tp: 'EM' }] })).toBe('<strong>abc</strong>d');
  });
  it('takes absent numbers as 0, as clients leave zeros out', () => {
    expect(html({ txt: 'ab', fmt: [{ len: 1, tp: 'ST' }] })).toBe('<strong>a</strong>b');
  });
  it.each([['👍', 1], ['👩‍👩‍👧‍👦 🇩🇪', 2], ['1️⃣', 1], ['12', 0], ['👍👍👍👍', 0], ['ok 👍', 0]])('%s is %i big emoji', (text, n) => expect(bigEmoji(toTree(text))).toBe(n));
});

describe('hostile content', () => {
  // A generator with a seed: a failure can be repeated.
  function random(seed: number) {
    return () => {
      seed = (seed * 1664525 + 1013904223) >>> 0;
      return seed / 2 ** 32;
    };
  }
  const values = [undefined, null, 0, 1, 2, 3, 7, -1, -2, 1e9, NaN, Infinity, 1.5, '', 'x', 'ST', 'BR', 'QQ', 'LN', '__proto__', [], {}, [1], { tp: 'IM' }, true];
  it('never throws and keeps text that has no valid format', { timeout: 60_000 }, () => {
    const rnd = random(42);
    const any = () => values[Math.floor(rnd() * values.length)];
    const tps = ['ST', 'EM', 'CO', 'BR', 'QQ', 'LN', 'IM', 'AU', 'VD', 'EX', 'VC', 'MN', 'HT', 'BN', 'FM', 'RW', 'HD', 'HL', 'TC', 'constructor', 'toString'];
    const tp = () => (rnd() < 0.9 ? tps[Math.floor(rnd() * tps.length)] : any());
    for (let i = 0; i < 2000; i++) {
      const n = Math.floor(rnd() * 8);
      const number = () => (rnd() < 0.8 ? Math.floor(rnd() * 12) - 1 : any());
      const content = {
        txt: rnd() < 0.9 ? 'a👩‍👩‍👧‍👦b\ne\u0301 <b>'.slice(0, Math.floor(rnd() * 20)) : any(),
        fmt: rnd() < 0.95 ? Array.from({ length: n }, () => (rnd() < 0.9 ? { at: number(), len: number(), ...(rnd() < 0.5 ? { tp: tp() } : { key: number() }) } : any())) : any(),
        ent: rnd() < 0.95 ? Array.from({ length: n }, () => (rnd() < 0.9 ? { tp: tp(), data: rnd() < 0.7 ? { url: any(), val: any(), name: any(), ref: any(), act: any() } : any() } : any())) : any(),
      };
      const shown = html(content);
      expect(shown).not.toMatch(/javascript:|<script|<b>/i);
      plainText(content);
      previewText(content, labels);
      toMarkdown(content);
      const again = fromTree(toTree(content));
      expect(toTree(again)).toEqual(toTree(fromTree(toTree(again)))); // settles
      partsOf(content, { reply: '1', forwarded: 'x:1' });
    }
    for (const v of values) html(v);
  });
  it('bounds depth and number', () => {
    const deep = { txt: 'x'.repeat(5000), fmt: Array.from({ length: 5000 }, (_, i) => ({ at: 0, len: 5000 - i, tp: 'ST' })) };
    expect((html(deep).match(/<strong>/g) ?? []).length).toBeLessThanOrEqual(32);
  });
});

describe('texts', () => {
  const picture = { txt: ' ', fmt: [{ at: 0, len: 1, key: 0 }], ent: [{ tp: 'IM', data: { name: 'cat.png', val: 'AA' } }] };
  it('previews in one line', () => {
    expect(previewText(parse('*a*\nb'), labels)).toBe('a b');
    expect(previewText(picture, labels)).toBe('🖼 Picture');
    expect(previewText(parse('> old\nnew'), labels)).toBe('new');
    expect(previewText(parse('> only'), labels)).toBe('only');
    expect(previewText({ ent: [{ tp: 'EX', data: { name: 'a\u202etxt.exe' } }], fmt: [{ at: -1, key: 0 }] }, labels)).toBe('📎 atxt.exe');
  });
  it('copies with line breaks and addresses', () => {
    expect(plainText(parse('a *b*\n[c](https://d.example/)'))).toBe('a b\nc (https://d.example/)');
  });
});

describe('messages about messages', () => {
  it('replies quote author and text, and show without', () => {
    const q = quote('Anna', 'usrAnna', parse('the *whole* story'), labels);
    const content = assemble({ quote: q, text: 'yes' });
    expect(content).toEqual({
      txt: 'Anna the whole storyyes',
      fmt: [{ at: 0, len: 20, tp: 'QQ' }, { at: 0, len: 4, key: 0 }, { at: 4, len: 1, tp: 'BR' }],
      ent: [{ tp: 'MN', data: { val: 'usrAnna' } }],
    });
    const parts = partsOf(content, { reply: '5' });
    expect(parts.rest).toEqual([{ tp: '', text: 'yes' }]);
    expect(previewText(content, labels)).toBe('yes');
    expect(tagsOf(content)).toEqual({});
  });
  it('forwards name the first author, once', () => {
    const once = forwarded(assemble({ quote: quote('B', 'usrB', 'x', labels), text: 'hello #tag' }), { reply: '3' }, 'Anna', 'usrAnna');
    const twice = forwarded(once, { forwarded: 'usrX:1' }, 'Carl', 'usrCarl');
    expect(twice).toEqual(once);
    const parts = partsOf(twice, { forwarded: 'usrX:1' });
    expect(authorOf(parts.author)).toBe('Anna');
    expect(tagsOf(fromTree(parts.rest))).toEqual({ hashtags: ['tag'] });
  });
  it('knows its files', () => {
    const media = [{ tp: 'IM', data: { ref: '/v0/file/s/abc.jpg' } }, { tp: 'EX', data: { ref: 'https://x.example/' }, attached: true }];
    const content = assemble({ media, text: 'caption' });
    expect(attachmentsOf(content)).toEqual(['/v0/file/s/abc.jpg']);
    const parts = partsOf(content, undefined);
    expect(parts.media.map((m) => m.tp)).toEqual(['IM', 'EX']);
    expect(parts.rest).toEqual([{ tp: '', text: 'caption' }]);
    expect(toMarkdown(content).text).toBe('caption');
  });
});

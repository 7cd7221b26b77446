// A QR code of a text: byte mode, error correction level M, versions 1 to 10
// (213 bytes): enough for links and otpauth: addresses. ISO/IEC 18004. Our own
// because libraries are several times as large: they have all modes and levels.

// Of level M, per version: error correction bytes of a block, blocks, data bytes
// of the shorter blocks; the rest of the blocks have one byte more.
const versions: readonly (readonly [ecc: number, blocks: number, data: number])[] = [
  [10, 1, 16], [16, 1, 28], [26, 1, 44], [18, 2, 32], [24, 2, 43],
  [16, 4, 27], [18, 4, 31], [22, 4, 38], [22, 5, 36], [26, 5, 43],
];
const totals = [26, 44, 70, 100, 134, 172, 196, 242, 292, 346]; // bytes with error correction
const alignments: readonly (readonly number[])[] = [
  [], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50],
];

// qr returns the modules, true for dark, row by row. It throws if the text is
// longer than 213 bytes.
export function qr(text: string): boolean[][] {
  const bytes = new TextEncoder().encode(text);
  const version = versions.findIndex((_, i) => bytes.length + (i >= 9 ? 3 : 2) <= dataBytes(i)) + 1;
  if (version === 0) throw new RangeError(`a QR code takes 213 bytes, not ${bytes.length}`);
  const stream = interleave(encode(bytes, version), version);
  let best: boolean[][] = [];
  let least = Infinity;
  for (let mask = 0; mask < 8; mask++) {
    const modules = draw(version, stream, mask);
    const points = penalty(modules);
    if (points < least) [best, least] = [modules, points];
  }
  return best;
}

function dataBytes(i: number): number {
  const [ecc, blocks] = versions[i] as readonly [number, number, number];
  return (totals[i] as number) - ecc * blocks;
}

function encode(bytes: Uint8Array, version: number): number[] {
  const bits: number[] = [];
  const put = (value: number, n: number) => {
    for (let i = n - 1; i >= 0; i--) bits.push((value >> i) & 1);
  };
  put(4, 4); // byte mode
  put(bytes.length, version >= 10 ? 16 : 8);
  for (const b of bytes) put(b, 8);
  const capacity = dataBytes(version - 1) * 8;
  put(0, Math.min(4, capacity - bits.length));
  while (bits.length % 8) bits.push(0);
  const out: number[] = [];
  for (let i = 0; i < bits.length; i += 8) out.push(bits.slice(i, i + 8).reduce((a, b) => (a << 1) | b, 0));
  for (let pad = 0xec; out.length < capacity / 8; pad ^= 0xfd) out.push(pad); // 0xEC, 0x11, …
  return out;
}

function interleave(data: number[], version: number): number[] {
  const [ecc, blocks, short] = versions[version - 1] as readonly [number, number, number];
  const longer = data.length - short * blocks; // so many blocks have a byte more
  const parts: number[][] = [];
  for (let i = 0, at = 0; i < blocks; i++) {
    const n = short + (i >= blocks - longer ? 1 : 0);
    parts.push(data.slice(at, at + n));
    at += n;
  }
  const divisor = generator(ecc);
  const checks = parts.map((p) => remainder(p, divisor));
  const out: number[] = [];
  for (let i = 0; i <= short; i++) for (const p of parts) if (i < p.length) out.push(p[i] as number);
  for (let i = 0; i < ecc; i++) for (const c of checks) out.push(c[i] as number);
  return out;
}

// GF(256) with x⁸+x⁴+x³+x²+1.
function times(a: number, b: number): number {
  let out = 0;
  for (let i = 7; i >= 0; i--) {
    out = (out << 1) ^ ((out >> 7) * 0x11d);
    out ^= ((b >> i) & 1) * a;
  }
  return out;
}

function generator(degree: number): number[] {
  const out = new Array<number>(degree).fill(0);
  out[degree - 1] = 1;
  for (let i = 0, root = 1; i < degree; i++, root = times(root, 2)) {
    for (let j = 0; j < degree; j++) out[j] = times(out[j] as number, root) ^ (out[j + 1] ?? 0);
  }
  return out;
}

function remainder(data: number[], divisor: number[]): number[] {
  const out = new Array<number>(divisor.length).fill(0);
  for (const b of data) {
    const factor = b ^ (out.shift() as number);
    out.push(0);
    divisor.forEach((d, i) => (out[i] = (out[i] as number) ^ times(d, factor)));
  }
  return out;
}

const masks: readonly ((x: number, y: number) => number)[] = [
  (x, y) => (x + y) % 2,
  (_, y) => y % 2,
  (x) => x % 3,
  (x, y) => (x + y) % 3,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2,
  (x, y) => ((x * y) % 2) + ((x * y) % 3),
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2,
];

function draw(version: number, stream: number[], mask: number): boolean[][] {
  const size = version * 4 + 17;
  const grid = Array.from({ length: size }, () => new Array<boolean | undefined>(size).fill(undefined));
  const set = (x: number, y: number, dark: boolean) => {
    if (x >= 0 && y >= 0 && x < size && y < size) (grid[y] as (boolean | undefined)[])[x] = dark;
  };
  const square = (cx: number, cy: number, reach: number, dark: (ring: number) => boolean) => {
    for (let dy = -reach; dy <= reach; dy++) {
      for (let dx = -reach; dx <= reach; dx++) set(cx + dx, cy + dy, dark(Math.max(Math.abs(dx), Math.abs(dy))));
    }
  };
  for (let i = 0; i < size; i++) {
    set(i, 6, i % 2 === 0);
    set(6, i, i % 2 === 0);
  }
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]] as const) square(x, y, 4, (r) => r !== 2 && r !== 4);
  const at = alignments[version - 1] as readonly number[];
  for (const x of at) {
    for (const y of at) {
      const finder = (x === 6 && y === 6) || (x === 6 && y === size - 7) || (x === size - 7 && y === 6);
      if (!finder) square(x, y, 2, (r) => r !== 1);
    }
  }
  format(set, size, mask);
  if (version >= 7) versionBits(set, size, version);
  fill(grid, stream, masks[mask] as (x: number, y: number) => number);
  return grid as boolean[][];
}

type Set = (x: number, y: number, dark: boolean) => void;

function format(set: Set, size: number, mask: number): void {
  const data = mask; // level M is 00
  let rest = data;
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const bits = ((data << 10) | rest) ^ 0x5412;
  const bit = (i: number) => ((bits >> i) & 1) === 1;
  for (let i = 0; i <= 5; i++) set(8, i, bit(i));
  set(8, 7, bit(6));
  set(8, 8, bit(7));
  set(7, 8, bit(8));
  for (let i = 9; i < 15; i++) set(14 - i, 8, bit(i));
  for (let i = 0; i < 8; i++) set(size - 1 - i, 8, bit(i));
  for (let i = 8; i < 15; i++) set(8, size - 15 + i, bit(i));
  set(8, size - 8, true);
}

function versionBits(set: Set, size: number, version: number): void {
  let rest = version;
  for (let i = 0; i < 12; i++) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
  const bits = (version << 12) | rest;
  for (let i = 0; i < 18; i++) {
    const dark = ((bits >> i) & 1) === 1;
    const [a, b] = [size - 11 + (i % 3), Math.floor(i / 3)];
    set(a, b, dark);
    set(b, a, dark);
  }
}

// fill goes up and down in columns of two, from the right, leaving out what is
// drawn already.
function fill(grid: (boolean | undefined)[][], stream: number[], masked: (x: number, y: number) => number): void {
  const size = grid.length;
  let i = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5; // the timing pattern
    for (let step = 0; step < size; step++) {
      const up = ((right + 1) & 2) === 0;
      const y = up ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        const row = grid[y] as (boolean | undefined)[];
        if (row[x] !== undefined) continue;
        const bit = i < stream.length * 8 && (((stream[i >> 3] as number) >> (7 - (i & 7))) & 1) === 1;
        i++;
        row[x] = bit !== (masked(x, y) === 0);
      }
    }
  }
}

// penalty says how hard a code is to read: runs, blocks, what looks like a
// corner, and too much of one colour.
function penalty(m: boolean[][]): number {
  const size = m.length;
  let points = 0;
  let dark = 0;
  const line = (get: (i: number) => boolean) => {
    let run = 0;
    let pattern = 0;
    for (let i = 0; i < size; i++) {
      run = i > 0 && get(i) === get(i - 1) ? run + 1 : 1;
      if (run === 5) points += 3;
      else if (run > 5) points++;
      pattern = ((pattern << 1) | (get(i) ? 1 : 0)) & 0x7ff;
      if (i >= 10 && (pattern === 0x5d0 || pattern === 0x05d)) points += 40;
    }
  };
  for (let i = 0; i < size; i++) {
    line((j) => (m[i] as boolean[])[j] as boolean);
    line((j) => (m[j] as boolean[])[i] as boolean);
    for (let j = 0; j < size; j++) {
      const c = (m[i] as boolean[])[j];
      if (c) dark++;
      if (i && j && c === m[i - 1]?.[j] && c === m[i]?.[j - 1] && c === m[i - 1]?.[j - 1]) points += 3;
    }
  }
  return points + Math.floor(Math.abs((dark * 20) / (size * size) - 10)) * 10;
}

// SHA-256 (FIPS 180-4) of short texts, many times over: crypto.subtle answers each by a promise, which costs ten times the hash itself.
// For the proof of work only: whatever is secret goes through WebCrypto.

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n += 1) if (primes.every((p) => n % p !== 0)) primes.push(n);
  return primes;
}
const fraction = (root: number) => ((root - Math.floor(root)) * 0x1_0000_0000) | 0;
const K = Int32Array.from(firstPrimes(64), (p) => fraction(Math.cbrt(p)));
const START = Int32Array.from(firstPrimes(8), (p) => fraction(Math.sqrt(p)));

const w = new Int32Array(64);
const state = new Int32Array(8);

function block(view: DataView, at: number): void {
  for (let i = 0; i < 16; i += 1) w[i] = view.getInt32(at + 4 * i);
  for (let i = 16; i < 64; i += 1) {
    const x = w[i - 15]!, y = w[i - 2]!;
    w[i] = (w[i - 16]! + w[i - 7]! + (((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)) + (((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10))) | 0;
  }
  let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!, e = state[4]!, f = state[5]!, g = state[6]!, h = state[7]!;
  for (let i = 0; i < 64; i += 1) {
    const t = (h + (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))) + ((e & f) ^ (~e & g)) + K[i]! + w[i]!) | 0;
    const u = ((((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g, g = f, f = e, e = (d + t) | 0, d = c, c = b, b = a, a = (t + u) | 0;
  }
  state[0] = state[0]! + a, state[1] = state[1]! + b, state[2] = state[2]! + c, state[3] = state[3]! + d;
  state[4] = state[4]! + e, state[5] = state[5]! + f, state[6] = state[6]! + g, state[7] = state[7]! + h;
}

/** The hash of salt || number, for each number asked; `salt` is ASCII, at most 200 characters. */
export function hasher(salt: string): (number: number) => Int32Array {
  const bytes = new Uint8Array(256);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < salt.length; i += 1) bytes[i] = salt.charCodeAt(i);
  return (number) => {
    const digits = String(number);
    let end = salt.length;
    for (let i = 0; i < digits.length; i += 1) bytes[end++] = digits.charCodeAt(i);
    const size = (end + 9 + 63) & ~63;
    bytes.fill(0, end, size);
    bytes[end] = 0x80;
    view.setUint32(size - 4, end * 8);
    state.set(START);
    for (let at = 0; at < size; at += 64) block(view, at);
    return state;
  };
}

/** The number whose hash this is, or -1. `challenge`: 64 hex digits. */
export function solve(challenge: string, salt: string, maxnumber: number): number {
  const wanted = Array.from({ length: 8 }, (_, i) => parseInt(challenge.slice(8 * i, 8 * i + 8), 16) | 0);
  const hash = hasher(salt);
  for (let number = 0; number <= maxnumber; number += 1) {
    const got = hash(number);
    if (got[0] === wanted[0] && got.every((word, i) => word === wanted[i])) return number;
  }
  return -1;
}

// The API (docs/SSPR.md): a reset's shapes, calls, and their two ways to fail.

export type Method = 'app_code' | 'email' | 'questions' | 'pass';
export interface Session {
  id: string;
  phase: 'proving' | 'choosing' | 'new_password' | 'writing' | 'done' | 'over';
  language: string;
  expires: number;
  methods: Method[];
  required: number;
  passed: Method[];
  unlock_allowed: boolean;
  passwords_left: number;
  current?: Method;
  questions?: { id: string; text: string }[];
  code_until?: number;
  resend_from?: number;
  locked?: boolean;
  result?: { code: string; reason: string; text: string; unlocked_only: boolean };
  end?: { code: string; text: string; until?: number; undated?: string };
}
export interface Challenge {
  algorithm: string;
  challenge: string;
  maxnumber: number;
  salt: string;
  signature: string;
}
export interface Policy {
  min_length: number;
  complexity: boolean;
  history: number;
}

/** What a refusal says besides why: from when on it makes sense again, where a reset is now, what the directory said, which answer is meant. */
export interface More {
  until?: number;
  session?: Session;
  directory?: { code: string; reason: string };
  at?: number;
  language?: string; // of `detail`
}
/** The service said no. `detail` is for the person, in their language or in English, without `until`; `code` never changes. */
export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, readonly detail: string, readonly more: More = {}) { super(code); }
}
/** No answer came: nobody knows what became of the request. */
export class Offline extends Error {}

const TIMEOUT_MS = 45_000; // the service waits 25 s for the directory
let language = 'en';
let token = '';

export function speak(of: string): void { language = of; }
export function enter(with_: string): void { token = with_; }

const random = (bytes: number) => [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const trace = random(16); // of whatever this page asks, as long as it is there; it names nobody

type Verb = 'GET' | 'POST' | 'PUT' | 'DELETE';
function read(text: string): Record<string, unknown> {
  const answer: unknown = (() => { try { return JSON.parse(text); } catch { return null; } })();
  if (answer === null || typeof answer !== 'object') throw new Offline(); // a proxy's page, not ours
  return answer as Record<string, unknown>;
}

/** `path`: below /api/v1/. The answer as it came, for who needs its headers. `mute`: what is asked knows no language. */
export async function exchange(method: Verb, path: string, body?: unknown, { ifMatch = '', mute = false } = {}): Promise<{ text: string; headers: Headers }> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
  const full = method === 'POST' || method === 'PUT';
  let status: number, text: string, headers: Headers;
  try {
    const response = await fetch(`/api/v1/${path}${mute ? '' : `${path.includes('?') ? '&' : '?'}mkt=${language}`}`, {
      method, signal: stop.signal, cache: 'no-store', credentials: 'same-origin', redirect: 'error', referrerPolicy: 'no-referrer', keepalive: method === 'DELETE',
      headers: { traceparent: `00-${trace}-${random(8)}-00`, ...(token && { Authorization: `Bearer ${token}` }), ...(full && { 'Content-Type': 'application/json' }), ...(ifMatch && { 'If-Match': ifMatch }) },
      ...(full && { body: JSON.stringify(body ?? {}) }),
    });
    ({ status, headers } = response);
    text = await response.text();
  } catch {
    throw new Offline();
  } finally {
    clearTimeout(timer);
  }
  if (status < 400) return { text, headers };
  const { code = 'failed', detail = '', undated, ...more } = read(text) as { code?: string; detail?: string; undated?: string } & More;
  const spoken = headers.get('Content-Language');
  throw new Problem(status, code, undated ?? detail, { ...more, ...(spoken && { language: spoken }) });
}

/** `path`: below /api/v1/. */
export async function call<T>(method: Verb, path: string, body?: unknown): Promise<T> {
  return read((await exchange(method, path, body)).text) as T;
}

// The API of a reset (docs/SSPR.md): its calls, and its two ways to fail.

export type Method = 'app_code' | 'email' | 'questions';
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
  end?: { code: string; text: string; until?: number };
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

/** The service said no. `detail` is for the person, in their language; `code` never changes. */
export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, readonly detail: string, readonly until?: number, readonly session?: Session) { super(code); }
}
/** No answer came: nobody knows what became of the request. */
export class Offline extends Error {}

const TIMEOUT_MS = 45_000; // the service waits 25 s for the directory
let language = 'en';
let token = '';

export function speak(of: string): void { language = of; }
export function enter(with_: string): void { token = with_; }

export async function call<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
  let status: number;
  let answer: Record<string, unknown> | null;
  try {
    const response = await fetch(`/api/v1/sspr/${path}${path.includes('?') ? '&' : '?'}mkt=${language}`, {
      method, signal: stop.signal, cache: 'no-store', credentials: 'same-origin', redirect: 'error', referrerPolicy: 'no-referrer', keepalive: method === 'DELETE',
      headers: { ...(token && { Authorization: `Bearer ${token}` }), ...(method === 'POST' && { 'Content-Type': 'application/json' }) },
      ...(method === 'POST' && { body: JSON.stringify(body ?? {}) }),
    });
    status = response.status;
    answer = await response.json();
  } catch {
    throw new Offline();
  } finally {
    clearTimeout(timer);
  }
  if (answer === null || typeof answer !== 'object') throw new Offline(); // a proxy's page, not ours
  if (status < 400) return answer as T;
  const { code, detail, until, session } = answer as { code?: string; detail?: string; until?: number; session?: Session };
  throw new Problem(status, code ?? 'failed', detail ?? '', until, session);
}

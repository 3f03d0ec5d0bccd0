// The proof of work in front of a session (service/captcha.hpp, ALTCHA's format): fetched and solved while the person types.
import { call, Problem, type Challenge } from './api';

const SPARE_MS = 20_000; // of a challenge's life, for the way and for clocks that differ

export type Purpose = 'reset' | 'sign_in';
export interface Solution {
  text: string;
  until: number; // of Date.now()
}

function work(challenge: Challenge): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./captcha.worker.ts', import.meta.url), { type: 'module' });
    const over = (then: () => void) => { worker.terminate(); then(); };
    worker.onmessage = ({ data }: MessageEvent<number>) => over(() => resolve(data));
    worker.onerror = () => over(() => reject(new Error('the worker has failed')));
    worker.postMessage({ challenge: challenge.challenge, salt: challenge.salt, maxnumber: challenge.maxnumber });
  });
}

async function solved(purpose: Purpose): Promise<Solution> {
  const came = Date.now();
  const challenge = await call<Challenge>('GET', `sspr/captcha?for=${purpose}`);
  const number = await work(challenge);
  const { algorithm, salt, signature } = challenge;
  return { text: btoa(JSON.stringify({ algorithm, challenge: challenge.challenge, number, salt, signature })), until: came + 300_000 - SPARE_MS };
}

/** One solution ahead; it opens one session, of that kind. */
export class Captcha {
  private ahead: Promise<Solution> | null = null;
  constructor(private readonly purpose: Purpose) {}

  /** Begins, if it has not begun: nobody waits for it here, and whoever does later learns how it failed. */
  prepare(): void {
    if (this.ahead) return;
    this.ahead = solved(this.purpose);
    this.ahead.catch(() => { this.ahead = null; });
  }
  /** Opens a session for that name. A solution that an earlier, lost answer has spent is made anew. */
  async open<T>(path: string, name: string): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      const captcha = await this.take();
      try {
        return await call<T>('POST', path, { name, captcha });
      } catch (error) {
        if (!(error instanceof Problem && error.code === 'captcha_failed') || tries === 2) throw error;
      }
    }
  }
  private async take(): Promise<string> {
    this.prepare();
    let one = await this.ahead!;
    this.ahead = null;
    if (one.until < Date.now()) one = await solved(this.purpose);
    return one.text;
  }
}

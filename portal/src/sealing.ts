// A password on its way to the agents: whom to seal to is asked for, checked, and used once; agents that state their keys at this very
// moment are waited for.
import { pause, type Refusal } from './acting';
import { call, Problem } from './api';
import { checkPin, sealed, SealError, type Order, type SealOffer } from './pins';

const OFFER_MS = 90_000; // what was sealed lives 120 s from the offer on
const AGAIN_MS = 1_000;
const TRIES = 4;
const PASSING = ['no_agents', 'statement_rsn', 'statement_expired'];

export class Sealing<O extends SealOffer> {
  private held: O | null = null;
  private since = 0;
  constructor(private readonly fetched: () => Promise<O>, private readonly doing: (what: 'offer' | 'seal') => void) {}

  /** The root is checked here: before anybody types what could not be sealed. */
  async ask(): Promise<O> {
    this.doing('offer');
    const offer = await this.fetched();
    this.since = performance.now();
    await checkPin(offer);
    this.held = offer;
    return offer;
  }
  /** Seals and sends it, once: what was offered is used by it. `sending`: from now on the directory may be asked. */
  async submit<T>(path: string, password: string, order: Order | undefined, sending: () => void): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      const body = await this.seal(password, order);
      sending();
      try {
        return await call<T>('POST', path, body);
      } catch (error) { // without a session it was not even taken: between the two calls the offer went stale
        const stale = error instanceof Problem && !error.more.session && ['conflict', 'gone', 'not_found'].includes(error.code);
        if (!stale || tries === 2) throw error;
      } finally {
        this.held = null;
      }
    }
  }

  /** Sealed, and not sent: for who sends the same more than once. */
  async seal(password: string, order?: Order): Promise<{ probe: string; sealed: string }> {
    for (let tries = 1; ; tries += 1) {
      const offer = this.held && performance.now() - this.since < OFFER_MS ? this.held : await this.ask();
      this.doing('seal');
      try {
        return { probe: offer.probe, sealed: await sealed(offer, password, order) };
      } catch (error) {
        if (!(error instanceof SealError && PASSING.includes(error.code)) || tries === TRIES) throw error;
        this.held = null;
        await pause(AGAIN_MS);
      }
    }
  }
}

/** A password that can't be sealed is its owner's to mend, agents that are away come back, and everything else stops the page. null: no error of sealing. */
export function sealFailed(error: unknown): { problem?: Refusal; stop?: string } | null {
  if (!(error instanceof SealError)) return null;
  if (['empty', 'too_long', 'not_unicode'].includes(error.code)) return { problem: { code: error.code, detail: '' } };
  if (PASSING.includes(error.code)) return { problem: { code: 'no_agents', detail: '' } };
  return { stop: error.code };
}

// What every page's program does alike: one step at a time, and what goes wrong becomes part of what is shown.
import { Offline, Problem } from './api';
import { brandIn, firstLook, NOBODY, type Brand } from './brand';

export interface Refusal {
  code: string;
  detail: string;
  until?: number;
  at?: number;
  language?: string; // of `detail`, where it may be another than the page's
}
export interface Shown {
  busy: string | null; // what is being waited for
  problem: Refusal | null; // what was refused, beside the screen
  offline: boolean; // the last answer was lost
  ended: Refusal | null; // there is no session any more
  brand: Brand; // how the organisation looks, as far as it is known
}
export const QUIET: Shown = { busy: null, problem: null, offline: false, ended: null, brand: NOBODY };
const AGAIN_MS = 1_000, BUSY_TRIES = 30;
export const pause = (ms: number) => new Promise((done) => { setTimeout(done, ms); });

export abstract class Acting<V extends Shown> {
  constructor(public view: V, private readonly show: (view: V) => void) {}

  protected set(change: Partial<V>): void {
    this.view = { ...this.view, ...change };
    this.show(this.view);
  }
  protected alter(change: Partial<Shown>): void { this.set(change as Partial<V>); }

  protected async act(busy: NonNullable<V['busy']>, what: () => Promise<void>): Promise<void> {
    if (this.view.busy) return;
    this.alter({ busy, problem: null, offline: false });
    try {
      await what();
    } catch (error) {
      this.failed(error);
    }
    this.alter({ busy: null });
  }

  /** Asks where we are: the request whose answer was lost may still be being answered. */
  protected async patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof Problem && error.code === 'busy') || tries === BUSY_TRIES) throw error;
        await pause(AGAIN_MS);
      }
    }
  }

  protected failed(error: unknown): void {
    if (error instanceof Offline) return this.alter({ offline: true });
    if (!(error instanceof Problem)) return this.alter({ problem: { code: 'failed', detail: '' } });
    const { code, detail, more: { until, at, language } } = error;
    this.alter({ problem: { code, detail, until, at, language } });
  }

  private known = false;
  /** The look of the organisation that a name has led to; it stays when a first look comes later. */
  protected wear(told: unknown): void {
    const brand = brandIn(told);
    if (!brand) return;
    this.known = true;
    this.alter({ brand });
  }
  /** At the beginning of a page. */
  async lookAround(): Promise<void> {
    const brand = await firstLook();
    if (brand && !this.known) this.alter({ brand });
  }

  /** What "try again" does after a lost answer: where are we? */
  abstract look: () => Promise<void>;
}

// One reset, as this tab sees it: what is asked of the service, and where the person is after it. The screens show `View` and call
// these; nothing is sent twice at a time, and after a lost answer the session is asked first, never the step repeated.
import { call, enter, Offline, Problem, type Method, type Session } from './api';
import { Captcha } from './captcha';
import { keep, kept } from './kept';
import { checkPin, mayKnowADomain, sealed, SealError, type Offer } from './pins';

export type Busy = 'start' | 'look' | 'method' | 'answer' | 'offer' | 'seal' | 'write' | 'unlock';
export interface View {
  session: Session | null;
  busy: Busy | null;
  problem: { code: string; detail: string; until?: number } | null; // what was refused, beside the screen
  offline: boolean; // the last answer was lost
  stop: string | null; // a SealError's code that no retry mends
  ended: { code: string; detail: string } | null; // there is no session any more
  offer: Offer | null;
  choosing: boolean; // the person wants another method
  name: string;
  tookMs: number | null;
}
const FRESH: View = { session: null, busy: null, problem: null, offline: false, stop: null, ended: null, offer: null, choosing: false, name: '', tookMs: null };
const OFFER_MS = 90_000; // what was sealed lives 120 s from the offer on
const AGAIN_MS = 1_000;
const TRIES = 4, BUSY_TRIES = 30;
const PASSING = ['no_agents', 'statement_rsn', 'statement_expired']; // agents that state their keys at this moment
const pause = (ms: number) => new Promise((done) => { setTimeout(done, ms); });

type Told = { session: Session };

export class Desk {
  view: View = FRESH;
  private captcha = new Captcha();
  private offered = 0;
  private asked = 0; // when the directory was asked to write
  constructor(private readonly show: (view: View) => void) {}

  private set(change: Partial<View>): void {
    this.view = { ...this.view, ...change };
    this.show(this.view);
  }

  /** One step at a time. What goes wrong becomes part of the view. */
  private async act(busy: Busy, what: () => Promise<void>): Promise<void> {
    if (this.view.busy) return;
    this.set({ busy, problem: null, offline: false });
    try {
      await what();
    } catch (error) {
      this.failed(error);
    }
    this.set({ busy: null });
  }

  private failed(error: unknown): void {
    if (error instanceof Offline) return this.set({ offline: true });
    if (error instanceof SealError) {
      if (['empty', 'too_long', 'not_unicode'].includes(error.code)) return this.set({ problem: { code: error.code, detail: '' } });
      return this.set({ stop: error.code });
    }
    if (!(error instanceof Problem)) return this.set({ problem: { code: 'failed', detail: '' } });
    const { code, detail, until, session } = error;
    if (session) {
      this.place(session);
      return this.set({ problem: session.phase === 'over' ? null : { code, detail, until } });
    }
    if (code !== 'no_session' && code !== 'session_expired') return this.set({ problem: { code, detail, until } });
    keep(null);
    enter('');
    this.set({ session: null, offer: null, ended: { code, detail } });
  }

  private place(session: Session): void {
    const over = session.phase === 'done' || session.phase === 'over';
    if (session.phase === 'done' && this.asked) this.set({ tookMs: performance.now() - this.asked });
    if (session.phase !== 'writing') this.asked = 0;
    if (over) keep(null);
    this.set({ session, offer: session.phase === 'new_password' ? this.view.offer : null });
  }

  /** At the beginning of the page: a reload goes on where the person was. */
  async open(): Promise<void> {
    try { mayKnowADomain(); } catch (error) { return this.set({ stop: (error as SealError).code }); }
    const was = kept();
    if (!was) return;
    enter(was.token);
    this.set({ name: was.name });
    await this.look();
  }

  /** Where are we? Also what "try again" does after a lost answer. */
  look = () => this.act(kept() ? 'look' : 'start', async () => {
    if (!kept()) return;
    for (let tries = 1; ; tries += 1) {
      try {
        this.place((await call<Told>('GET', 'session')).session);
        break;
      } catch (error) { // the request whose answer was lost is still being answered
        if (!(error instanceof Problem && error.code === 'busy') || tries === BUSY_TRIES) throw error;
        await pause(AGAIN_MS);
      }
    }
    await this.go();
  });

  // What follows by itself.
  private async go(): Promise<void> {
    const { session } = this.view;
    if (session?.phase === 'choosing' && !session.unlock_allowed) this.place((await call<Told>('POST', 'session/choice', { choice: 'reset' })).session);
    if (this.view.session?.phase === 'new_password') await this.ask();
    if (this.view.session?.phase === 'writing') await this.wait();
  }

  typing = () => this.captcha.prepare();

  begin = (name: string) => this.act('start', async () => {
    let begun: Told & { token: string };
    for (let tries = 1; ; tries += 1) {
      const captcha = await this.captcha.take();
      try {
        begun = await call('POST', 'sessions', { name, captcha });
        break;
      } catch (error) { // a solution that an earlier, lost answer has spent
        if (!(error instanceof Problem && error.code === 'captcha_failed') || tries === 2) throw error;
      }
    }
    enter(begun.token);
    keep({ token: begun.token, name });
    this.set({ name, ended: null });
    this.place(begun.session);
  });

  choose = (method: Method) => this.act('method', async () => {
    this.place((await call<Told>('POST', 'session/method', { method })).session);
    this.set({ choosing: false });
  });
  another = (choosing = true) => this.set({ choosing, problem: null });

  answer = (proof: { code: string } | { answers: { question: string; answer: string }[] }) => this.act('answer', async () => {
    this.place((await call<Told>('POST', 'session/answer', proof)).session);
    await this.go();
  });

  pick = (choice: 'reset' | 'unlock') => this.act(choice === 'unlock' ? 'unlock' : 'look', async () => {
    if (choice === 'unlock') this.asked = performance.now();
    this.place((await call<Told>('POST', 'session/choice', { choice })).session);
    await this.go();
  });

  // The policy and whom to seal to; the root is checked before anybody types.
  private async ask(): Promise<Offer> {
    this.set({ busy: 'offer' });
    const offer = await call<Offer>('POST', 'session/seal');
    this.offered = performance.now();
    await checkPin(offer);
    this.set({ offer });
    return offer;
  }

  private async sealFor(password: string): Promise<{ probe: string; sealed: string }> {
    for (let tries = 1; ; tries += 1) {
      const { offer } = this.view;
      const fresh = offer && performance.now() - this.offered < OFFER_MS ? offer : await this.ask();
      this.set({ busy: 'seal' });
      try {
        return { probe: fresh.probe, sealed: await sealed(fresh, password) };
      } catch (error) {
        if (!(error instanceof SealError && PASSING.includes(error.code)) || tries === TRIES) throw error;
        this.offered = -OFFER_MS;
        await pause(AGAIN_MS);
      }
    }
  }

  submit = (password: string) => this.act('seal', async () => {
    for (let tries = 1; ; tries += 1) {
      const body = await this.sealFor(password);
      this.set({ busy: 'write' });
      this.asked = performance.now();
      try {
        this.place((await call<Told>('POST', 'session/password', body)).session);
        break;
      } catch (error) {
        this.offered = -OFFER_MS; // what was offered has been used
        // Without a session it was not even taken: between the two calls the offer went stale.
        const stale = error instanceof Problem && !error.session && ['conflict', 'gone', 'not_found'].includes(error.code);
        if (!stale || tries === 2) throw error;
      }
    }
    await this.go();
  });

  private async wait(): Promise<void> {
    while (this.view.session?.phase === 'writing') {
      this.set({ busy: this.view.busy === 'unlock' ? 'unlock' : 'write' });
      const began = performance.now();
      this.place((await call<Told>('GET', 'session?wait_ms=20000')).session);
      if (performance.now() - began < AGAIN_MS) await pause(AGAIN_MS);
    }
  }

  /** Gives up what there is, and begins with a new page: no answer that is still on its way finds its way into it. */
  restart = () => {
    const phase = this.view.session?.phase;
    if (phase && !['done', 'over', 'writing'].includes(phase)) call('DELETE', 'session').catch(() => undefined); // the service ends a forgotten one by itself
    keep(null);
    location.reload();
  };
}

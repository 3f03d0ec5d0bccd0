// One reset, as this tab sees it: what is asked of the service, and where the person is after it. The screens show `View` and call
// these; nothing is sent twice at a time, and after a lost answer the session is asked first, never the step repeated.
import { Acting, pause, QUIET, type Shown } from './acting';
import { call, enter, Problem, type Method, type Session } from './api';
import { Captcha } from './captcha';
import { Keeper, numberOf } from './kept';
import { takeLink, type ResetLink } from './link';
import { mayKnowADomain, SealError, type Offer } from './pins';
import { Sealing, sealFailed } from './sealing';

export interface View extends Shown {
  busy: 'start' | 'look' | 'method' | 'answer' | 'offer' | 'seal' | 'write' | 'unlock' | null;
  session: Session | null;
  number: string; // of the session, for the helpdesk; it outlives it
  stop: string | null; // a SealError's code that no retry mends
  offer: Offer | null;
  choosing: boolean; // the person wants another method
  name: string;
  linked: boolean; // by an administrator's link, which proves the mailbox
  tookMs: number | null;
  helped: { text: string; language: string } | null; // what was said when an administrator was asked for help
}
const FRESH: View = { ...QUIET, busy: null, session: null, number: '', stop: null, offer: null, choosing: false, name: '', linked: false, tookMs: null, helped: null };
const AGAIN_MS = 1_000;

type Told = { session: Session; brand?: unknown };

export class Desk extends Acting<View> {
  private captcha = new Captcha('reset');
  private tab = new Keeper('wb-reset');
  private link: ResetLink | null = takeLink(); // to be spent once the session has begun; never kept
  private asked = 0; // when the directory was asked to write
  private sealing = new Sealing(() => call<Offer>('POST', 'sspr/session/seal'), (busy) => this.set({ busy }));
  constructor(show: (view: View) => void) { super(FRESH, show); }

  protected override failed(error: unknown): void {
    const stopped = sealFailed(error);
    if (stopped) return this.set(stopped);
    if (!(error instanceof Problem)) return super.failed(error);
    const { code, detail, more: { session, language } } = error;
    super.failed(error);
    if (session) {
      this.place(session);
      if (session.phase === 'over') this.set({ problem: null });
    } else if (code === 'no_session' || code === 'session_expired') {
      this.tab.keep(null);
      enter('');
      this.set({ session: null, offer: null, problem: null, ended: { code, detail, language } });
    }
  }

  /** Another tab of this session may have gone further: then this one says so, and goes on from there. */
  protected override act(busy: NonNullable<View['busy']>, what: () => Promise<void>): Promise<void> {
    return super.act(busy, async () => {
      try {
        await what();
      } catch (error) {
        if (!(error instanceof Problem && error.code === 'wrong_step')) throw error;
        this.asked = 0; // not by this tab
        this.failed(error);
        await this.go();
      }
    });
  }

  private place(session: Session): void {
    const over = session.phase === 'done' || session.phase === 'over';
    if (session.phase === 'done' && this.asked) this.set({ tookMs: performance.now() - this.asked });
    if (session.phase !== 'writing') this.asked = 0;
    if (over) this.tab.keep(null);
    this.set({ session, offer: session.phase === 'new_password' ? this.view.offer : null });
  }

  /** At the beginning of the page: a reload goes on where the person was. */
  async open(): Promise<void> {
    try { mayKnowADomain(); } catch (error) { return this.set({ stop: (error as SealError).code }); }
    if (this.link) return this.set({ name: this.link.name, linked: true });
    const was = this.tab.get();
    if (!was) return;
    enter(was.token);
    this.set({ name: was.name, number: numberOf(was.token) });
    await this.look();
  }

  /** Where are we? Also what "try again" does after a lost answer. */
  look = () => this.act(this.tab.get() ? 'look' : 'start', async () => {
    if (!this.tab.get()) return;
    const told = await this.patiently(() => call<Told>('GET', 'sspr/session'));
    this.wear(told.brand);
    this.place(told.session);
    await this.go();
  });

  // What follows by itself.
  private async go(): Promise<void> {
    const { session } = this.view;
    if (session?.phase === 'choosing' && !session.unlock_allowed) this.place((await call<Told>('POST', 'sspr/session/choice', { choice: 'reset' })).session);
    if (this.view.session?.phase === 'new_password') await this.ask();
    if (this.view.session?.phase === 'writing') await this.wait();
  }

  typing = () => this.captcha.prepare();

  begin = (name: string) => this.act('start', async () => {
    const begun = await this.captcha.open<Told & { token: string }>('sspr/sessions', name);
    enter(begun.token);
    this.tab.keep({ token: begun.token, name });
    this.wear(begun.brand);
    this.set({ name, number: begun.session.id, ended: null });
    this.place(begun.session);
    await this.follow(name);
  });

  // Of the name that the link is for alone.
  private async follow(name: string): Promise<void> {
    const { link } = this;
    this.link = null;
    this.set({ linked: false });
    if (!link || link.name !== name) return;
    this.place((await call<Told>('POST', 'sspr/session/method', { method: 'pass' })).session);
    this.place((await call<Told>('POST', 'sspr/session/answer', { code: link.pass })).session);
    await this.go();
  }

  choose = (method: Method) => this.act('method', async () => {
    this.place((await call<Told>('POST', 'sspr/session/method', { method })).session);
    this.set({ choosing: false });
  });
  another = (choosing = true) => this.set({ choosing, problem: null });

  answer = (proof: { code: string } | { answers: { question: string; answer: string }[] }) => this.act('answer', async () => {
    this.place((await call<Told>('POST', 'sspr/session/answer', proof)).session);
    await this.go();
  });

  pick = (choice: 'reset' | 'unlock') => this.act(choice === 'unlock' ? 'unlock' : 'look', async () => {
    if (choice === 'unlock') this.asked = performance.now();
    this.place((await call<Told>('POST', 'sspr/session/choice', { choice })).session);
    await this.go();
  });

  // The policy and whom to seal to.
  private async ask(): Promise<void> { this.set({ offer: await this.sealing.ask() }); }

  submit = (password: string) => this.act('seal', async () => {
    const told = await this.sealing.submit<Told>('sspr/session/password', password, undefined, () => {
      this.set({ busy: 'write' });
      this.asked = performance.now();
    });
    this.place(told.session);
    await this.go();
  });

  private async wait(): Promise<void> {
    while (this.view.session?.phase === 'writing') {
      this.set({ busy: this.view.busy === 'unlock' ? 'unlock' : 'write' });
      const began = performance.now();
      this.place((await call<Told>('GET', 'sspr/session?wait_ms=20000')).session);
      if (performance.now() - began < AGAIN_MS) await pause(AGAIN_MS);
    }
  }

  /** "Contact your administrator". */
  help = () => this.act('look', async () => {
    const { text } = await call<{ text: string }>('POST', 'sspr/session/help');
    this.set({ helped: { text, language: this.view.session?.language ?? '' } });
  });

  /** What the service has said of the session, once more in the page's language. Nothing goes on by it, and nothing is told where it fails. */
  reword = async (language: string) => {
    const { session, busy } = this.view;
    if (!session || busy || session.language === language) return;
    const told = await call<Told>('GET', 'sspr/session').catch(() => null);
    if (told && this.view.session === session && !this.view.busy) this.set({ session: told.session });
  };

  /** Gives up what there is, and begins with a new page: no answer that is still on its way finds its way into it. */
  restart = () => {
    const phase = this.view.session?.phase;
    if (phase && !['done', 'over', 'writing'].includes(phase)) call('DELETE', 'sspr/session').catch(() => undefined); // the service ends a forgotten one by itself
    this.tab.keep(null);
    location.reload();
  };
}

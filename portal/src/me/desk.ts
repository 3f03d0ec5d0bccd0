// Somebody who signs in, as this tab sees it: the sign-in, the password's change, and their own methods. A reload goes on for whoever is
// signed in; before that it begins again. The screens show `View` and call these.
import { Acting, QUIET, type Shown } from '../acting';
import { call, enter, Offline, Problem } from '../api';
import { Captcha } from '../captcha';
import { Keeper, numberOf } from '../kept';
import { mayKnowADomain, SealError, type AskedFor, type SealOffer } from '../pins';
import { Sealing, sealFailed } from '../sealing';
import type { Kind, Me, Pending } from './shapes';

export type Stage = 'opening' | 'signin' | 'change' | 'changed' | 'home' | 'app_code' | 'email' | 'questions' | 'second' | 'out';
export interface View extends Shown {
  busy: 'start' | 'look' | 'method' | 'answer' | 'offer' | 'seal' | 'enter' | 'write' | null;
  stage: Stage;
  stop: string | null; // a SealError's code that no retry mends
  name: string;
  number: string; // of the sign-in, for the helpdesk; it outlives it
  me: Me | null; // null: not signed in
  forced: string | null; // why the password must be changed before anything else, in the person's language
  pending: Pending | null;
  news: 'added' | 'removed' | 'confirmed' | 'proven' | null;
  text: string; // what the directory said besides, of a change
  asked: AskedFor | null; // of a new password, once it is known
}
const FRESH: View = { ...QUIET, busy: null, stage: 'signin', stop: null, name: '', number: '', me: null, forced: null, pending: null, news: null, text: '', asked: null };
const OPENING_MS = 590_000; // of a sign-in that is not done; the service ends it after ten minutes
const MUST_CHANGE = ['must_change', 'password_expired'];

type Offered = { probe: string; sub: string; pre: unknown; now: number; keys: SealOffer['keys']; asked?: { policy: AskedFor['answer']['policy']; display_name: string; history_enforced: boolean } };
type MyOffer = SealOffer & { asked: AskedFor | null };

export class MyDesk extends Acting<View> {
  private captcha = new Captcha('sign_in');
  private tab = new Keeper('wb-signed-in');
  private opened = -OPENING_MS;
  private doubt = false; // a change was sent, and no answer came
  private sealing = new Sealing<MyOffer>(async () => {
    const { probe, sub, pre, now, keys, asked } = await call<Offered>('POST', 'sspr/sign-in/seal');
    return { probe, answer: { sub, pre, now }, keys, asked: asked ? { answer: asked, history_enforced: asked.history_enforced } : null };
  }, (busy) => this.set({ busy }));

  /** `goal`: where the sign-in leads to. */
  constructor(private readonly goal: 'home' | 'change', show: (view: View) => void) { super(FRESH, show); }

  protected override failed(error: unknown): void {
    const stopped = sealFailed(error);
    if (stopped) return this.set(stopped);
    super.failed(error);
    if (!(error instanceof Problem)) return;
    if (error.code === 'no_session' || error.code === 'session_expired') this.leave('signin');
    if (error.code === 'second_method_needed') this.set({ stage: 'second' });
  }

  protected leave(stage: Stage): void {
    this.tab.keep(null);
    enter('');
    this.opened = -OPENING_MS;
    this.set({ stage, me: null, pending: null, forced: null, news: null });
  }

  async open(): Promise<void> {
    try { mayKnowADomain(); } catch (error) { return this.set({ stop: (error as SealError).code }); }
    const was = this.tab.get();
    if (!was) return;
    enter(was.token);
    this.set({ name: was.name, number: numberOf(was.token), stage: 'opening' });
    await this.look();
  }

  look = () => this.act('look', async () => {
    if (this.doubt) this.set({ problem: { code: 'change_unknown', detail: '' } });
    this.doubt = false;
    if (!this.tab.get()) return;
    const me = await this.patiently(() => call<Me>('GET', 'me'));
    this.wear(me.brand);
    const { stage, pending } = this.view;
    const done = pending && me.methods.some(({ id }) => id === pending.id); // its proof was taken; the answer was lost
    const proven = stage === 'second' && me.level >= 2; // as well
    this.set({ me, ...(stage === 'opening' && { stage: this.goal }), ...((done || proven) && { stage: 'home', pending: null, news: done ? 'added' : 'proven' }) });
    if (this.view.stage === 'change' && !this.view.asked) await this.learn();
  });

  /** What the service has said of one's methods, once more in the page's language. Nothing goes on by it, and nothing is told where it fails. */
  reword = async () => {
    const { me, busy } = this.view;
    if (!me || busy) return;
    const told = await call<Me>('GET', 'me').catch(() => null);
    if (told && this.view.me === me && !this.view.busy) this.set({ me: told });
  };

  typing = () => this.captcha.prepare();

  signIn = (name: string, password: string) => this.act('start', async () => {
    if (name !== this.view.name || performance.now() - this.opened > OPENING_MS) {
      enter('');
      const { token, brand } = await this.captcha.open<{ token: string; brand?: unknown }>('sspr/sign-ins', name);
      this.wear(brand);
      enter(token);
      this.opened = performance.now();
      this.token = token;
      this.set({ name, number: numberOf(token) });
    }
    try {
      await this.sealing.submit('sspr/sign-in/password', password, { op: 'authenticate' }, () => this.set({ busy: 'enter' }));
    } catch (error) {
      if (!(error instanceof Problem) || !MUST_CHANGE.includes(error.more.directory?.reason ?? '')) throw error;
      this.set({ stage: 'change', forced: error.detail });
      return this.learn();
    }
    this.tab.keep({ token: this.token, name });
    this.set({ forced: null });
    await this.arrive();
  });
  private token = '';
  private async arrive(): Promise<void> {
    this.set({ me: await call<Me>('GET', 'me'), stage: this.goal });
    if (this.goal === 'change') await this.learn();
  }

  /** What the directory asks of a new password. No rules are no reason not to try one: it says itself what it does not take. */
  private async learn(): Promise<void> {
    try {
      this.set({ asked: (await this.sealing.ask()).asked });
    } catch (error) {
      if (!(error instanceof Problem) && !(error instanceof Offline)) throw error;
    }
  }

  change = (old: string, password: string) => this.act('seal', async () => {
    let sent = false;
    const sending = () => {
      sent = true;
      this.set({ busy: 'write' });
    };
    try {
      const told = await this.sealing.submit<{ code: string; text: string }>('sspr/sign-in/change', password, { op: 'change', old }, sending);
      this.set({ stage: 'changed', forced: null, text: told.code === 'applied' ? '' : told.text });
    } catch (error) {
      this.doubt = sent && error instanceof Offline;
      throw error;
    }
  });

  /** To another screen; what was begun there before is given up. */
  go = (stage: Stage) => {
    if (this.view.busy) return;
    this.set({ stage, pending: null, problem: null, news: null });
    if (stage === 'change') void this.act('offer', () => this.learn());
  };
  add = (kind: Kind) => (kind === 'app_code' ? this.addApp() : this.go(kind));

  private addApp = () => this.act('method', async () => {
    this.set({ pending: await call<Pending>('POST', 'me/app'), stage: 'app_code', news: null });
  });
  sendCode = (address: string) => this.act('method', async () => {
    this.set({ pending: { ...(await call<Pending>('POST', 'me/email', { address })), address } });
  });
  otherAddress = () => { if (!this.view.busy) this.set({ pending: null, problem: null }); };

  prove = (code: string) => this.save('added', () => call<Me>('POST', 'me/proof', { code }));
  answer = (answers: { question: string; answer: string }[]) => this.save('added', () => call<Me>('POST', 'me/questions', { answers }));
  second = (code: string) => this.save('proven', () => call<Me>('POST', 'me/second', { code }));
  /** For a second proof without an app: a code, to the address that is registered. */
  mailCode = () => this.act('method', async () => {
    this.set({ pending: await call<Pending>('POST', 'me/second/code') });
  });
  remove = (id: string) => this.save('removed', () => call<Me>('DELETE', `me/methods/${id}`));
  confirm = () => this.save('confirmed', () => call<Me>('POST', 'me/confirm'));
  private save(news: View['news'], what: () => Promise<Me>): Promise<void> {
    return this.act('answer', async () => {
      this.set({ news: null });
      this.set({ me: await what(), stage: 'home', pending: null, news });
    });
  }

  signOut = () => this.act('look', async () => {
    await call('DELETE', 'me/sign-in');
    this.leave('out');
  });
}

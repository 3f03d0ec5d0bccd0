// The link in a letter, and saying so. The link's secret lives in this program alone: it leaves the address bar at once, and the page
// only to the service.
import { Acting, QUIET, type Shown } from '../acting';
import { call, Problem } from '../api';

export interface View extends Shown {
  busy: 'report' | null;
  stage: 'ask' | 'no_link' | 'stopped' | 'kept' | 'expired';
  text: string; // the service's, of the last two
}

/** "wbn1.<id>.<secret>" of "#wbn1....&dr=ROOT"; null: there is none. `rest`: the fragment without it, which says whose look the page has. */
export function readReport(hash: string): { token: string | null; rest: string } {
  const [, token = null, rest = ''] = /^#(wbn1\.[0-9A-Z]{26}\.[A-Za-z0-9_-]{43})(?:&(dr=[A-Za-z0-9_-]{43}))?$/.exec(hash) ?? [];
  return { token, rest: rest && `#${rest}` };
}

export class Report extends Acting<View> {
  private token: string | null = null;
  constructor(show: (view: View) => void) { super({ ...QUIET, busy: null, stage: 'no_link', text: '' }, show); }

  /** At the beginning, and when another link is opened in the same tab. */
  open(): void {
    if (location.hash === '') return;
    const { token, rest } = readReport(location.hash);
    this.token = token;
    history.replaceState(null, '', location.pathname + location.search + rest);
    this.set({ ...QUIET, busy: this.view.busy, stage: this.token ? 'ask' : 'no_link', text: '' });
  }

  itWasMe = () => { if (!this.view.busy) this.set({ stage: 'kept', problem: null }); };

  report = () => this.act('report', async () => {
    const { text } = await call<{ text: string }>('POST', 'sspr/not-me', { token: this.token });
    this.set({ stage: 'stopped', text });
  });
  look = this.report; // the same again is answered the same

  protected override failed(error: unknown): void {
    if (error instanceof Problem && error.code === 'link_expired') this.set({ stage: 'expired', text: error.detail });
    else super.failed(error);
  }
}

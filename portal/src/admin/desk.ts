// An administrator who signs in as everybody does, and gives a second proof. From then on each panel asks the API through `run`, one thing
// at a time; what is refused, lost or over is told in the one place for it.
import { pause } from '../acting';
import { Problem } from '../api';
import { MyDesk } from '../me/desk';

const BEAT_MS = 50;

export class AdminDesk extends MyDesk {
  protected override failed(error: unknown): void {
    super.failed(error);
    const { me } = this.view;
    if (!(error instanceof Problem) || !me) return;
    if (error.code === 'unauthorized') this.leave('signin');
    if (error.code === 'second_proof_needed') this.set({ stage: 'home', me: { ...me, level: 1 } });
    if (error.code === 'administrator_needed') this.set({ stage: 'home', me: { ...me, administrator: false } });
    if (error.code === 'frozen') this.set({ stage: 'home', me: { ...me, frozen: true } });
  }

  /** Never within a render: a panel may ask as soon as it is there. */
  run = async (what: () => Promise<void>, busy: 'look' | 'answer' | 'seal' = 'look') => {
    await null;
    await this.act(busy, what);
  };

  /** As soon as what is being waited for has ended: no wish to leave is lost. */
  out = async () => {
    while (this.view.busy) await pause(BEAT_MS);
    await this.signOut();
  };

  quiet = () => { if (!this.view.busy) this.set({ problem: null, news: null }); };
}

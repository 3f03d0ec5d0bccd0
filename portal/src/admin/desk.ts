// An administrator who signs in as everybody does, and gives a second proof. From then on each panel asks the API through `run`, one thing
// at a time; what is refused, lost or over is told in the one place for it.
import { pause } from '../acting';
import { Problem } from '../api';
import { MyDesk, type Stage, type View } from '../me/desk';
import { placeOf } from './place';

const BEAT_MS = 50;
const asking = (event: BeforeUnloadEvent) => event.preventDefault(); // the browser asks, in words of its own

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

  // What is not saved, or shown once: in memory alone, by the panel's name, and for the one who has made it.
  private unsaved = new Map<string, unknown>();
  private whose = '';

  get holds(): boolean { return this.unsaved.size > 0; }
  /** null: there is nothing any more. */
  hold(panel: string, what: unknown): void {
    if (what === null) this.unsaved.delete(panel);
    else this.unsaved.set(panel, what), this.whose = this.view.me?.name ?? '';
    if (this.holds) addEventListener('beforeunload', asking);
    else removeEventListener('beforeunload', asking); // one that is always there keeps a page from the browser's own cache
  }
  held<T>(panel: string): T | undefined { return this.unsaved.get(panel) as T | undefined; }
  /** The panel goes. What led out of a sign-in takes nothing along: it is there again after the next one. */
  gone(panel: string): void { if (placeOf(this.view) === 'console') this.hold(panel, null); }
  drop(): void { for (const panel of [...this.unsaved.keys()]) this.hold(panel, null); }

  protected override set(change: Partial<View>): void {
    if (change.me && change.me.name !== this.whose) this.drop(); // somebody else's
    super.set(change);
  }
  protected override leave(stage: Stage): void {
    if (stage === 'out') this.drop();
    super.leave(stage);
  }

  quiet = () => { if (!this.view.busy) this.set({ problem: null, news: null }); };
}

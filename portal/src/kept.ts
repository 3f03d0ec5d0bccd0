// What outlives a reload in this tab: a session's credential, and the name that was typed. Never a password.
export interface Kept {
  token: string;
  name: string;
}

/** By which a helpdesk finds what happened in the audit: the id in "wbs1.<id>.<secret>" or "wbp1.<id>.<secret>". */
export const numberOf = (token: string): string => token.split('.')[1] ?? '';

/** A place for one, by its name in the tab's storage. */
export class Keeper {
  private here: Kept | null = null; // where the browser keeps nothing
  constructor(private readonly name: string) {}

  keep(what: Kept | null): void {
    this.here = what;
    try {
      if (what) sessionStorage.setItem(this.name, JSON.stringify(what));
      else sessionStorage.removeItem(this.name);
    } catch { /* a browser that keeps nothing: a reload starts again */ }
  }
  get(): Kept | null {
    try {
      const read = JSON.parse(sessionStorage.getItem(this.name) ?? 'null') as Partial<Kept> | null;
      if (typeof read?.token === 'string' && typeof read.name === 'string') return { token: read.token, name: read.name };
    } catch { /* damaged, or forbidden: as if there were none */ }
    return this.here;
  }
}

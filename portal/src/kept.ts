// What outlives a reload in this tab: the session's credential, and the name that was typed (for the hints). Never a password.
const NAME = 'wb-reset';
export interface Kept {
  token: string;
  name: string;
}
let here: Kept | null = null; // where the browser keeps nothing

export function keep(what: Kept | null): void {
  here = what;
  try {
    if (what) sessionStorage.setItem(NAME, JSON.stringify(what));
    else sessionStorage.removeItem(NAME);
  } catch { /* a browser that keeps nothing: a reload starts again */ }
}
export function kept(): Kept | null {
  try {
    const read = JSON.parse(sessionStorage.getItem(NAME) ?? 'null') as Partial<Kept> | null;
    if (typeof read?.token === 'string' && typeof read.name === 'string') return { token: read.token, name: read.name };
  } catch { /* damaged, or forbidden: as if there were none */ }
  return here;
}

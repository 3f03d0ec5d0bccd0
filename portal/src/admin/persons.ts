// What the API says of people to a helpdesk (docs/SSPR.md, Helpdesk), and a temporary password on its way.
import { pause } from '../acting';
import { call, Offline, Problem } from '../api';
import type { Offer } from '../pins';
import { generate } from '../rules';
import { Sealing } from '../sealing';

export interface Seen {
  sub: string;
  name: string;
  display_name: string;
  mail: string;
  language: string;
  seen: number;
  confirmed: number;
  frozen: number;
  registered?: string[];
}
export interface Person extends Seen {
  methods: { id: string; kind: string; label: string; made: number; proven: number }[];
  administrator: boolean;
  barrier: string | null;
  pass_until: number | null;
  blocked_until: number | null;
}
export interface Page {
  people: Seen[];
  next: string | null;
}
export const of = (sub: string, what = '') => `people/${encodeURIComponent(sub)}${what}`;
export const listed = (name: string, after: string | null) =>
  `people?${new URLSearchParams({ limit: '50', ...(name !== '' && { name }), ...(after !== null && { after }) })}`;

interface Told {
  jti: string;
  code: string;
}
const AGAIN_MS = 1_000;
const TRIES = 5; // each waits at the service for up to 25 s
// Of these it is known that the password was not set; whatever else goes wrong after the job was sent says nothing of the job.
const NOT_SET = ['password_refused', 'try_again', 'write_failed', 'conflict', 'gone'];

/** What an answer that is none says. `doubt`: by an earlier one it may be set. */
function lost(error: unknown, doubt: boolean): 'not_set' | 'not_taken' | 'open' | 'over' {
  if (error instanceof Offline) return 'open';
  if (!(error instanceof Problem)) return 'not_set';
  if (error.status === 409 && error.code === 'busy') return 'not_taken'; // another job of this account is on its way
  if (error.code === 'busy' || error.code === 'unavailable') return 'open';
  return doubt && !NOT_SET.includes(error.code) ? 'over' : 'not_set'; // over: the sign-in is, say, and asking on tells nothing
}

/** Made and sealed here, set there, to be changed at the next sign-in. `done` false: the directory is still asked, or what became of it is in doubt. From the first request on the password may be set: no lost answer loses it. */
export async function temporaryPassword(sub: string): Promise<{ password: string; done: boolean }> {
  const path = of(sub, '/temporary-password');
  const sealing = new Sealing(() => call<Offer>('POST', `${path}/seal`), () => undefined);
  const password = generate((await sealing.ask()).answer.policy.min_length);
  const body = await sealing.seal(password);
  let doubt = false;
  for (let tries = 1; ; tries += 1) {
    let over = tries === TRIES;
    try {
      const { code } = await call<Told>('POST', path, body); // the same again is the same job
      if (code === 'applied' || code === 'applied_elsewhere') return { password, done: true };
      doubt = true;
    } catch (error) {
      const what = lost(error, doubt);
      doubt ||= what === 'open';
      over ||= what === 'over';
      if (what === 'not_set' || (over && !doubt)) throw error;
    }
    if (over) return { password, done: false };
    await pause(AGAIN_MS * tries); // a network that is gone may come back
  }
}

// What the API says of people to a helpdesk (docs/SSPR.md, Helpdesk), and a temporary password on its way.
import { pause } from '../acting';
import { call } from '../api';
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

/** Made and sealed here, set there, to be changed at the next sign-in. `done` false: the directory is still asked, or what became of it is in doubt. */
export async function temporaryPassword(sub: string): Promise<{ password: string; done: boolean }> {
  const path = of(sub, '/temporary-password');
  const sealing = new Sealing(() => call<Offer>('POST', `${path}/seal`), () => undefined);
  const password = generate((await sealing.ask()).answer.policy.min_length);
  const body = await sealing.seal(password);
  for (let tries = 1; ; tries += 1) {
    const told = await call<Told>('POST', path, body); // the same again is the same job
    const done = told.code === 'applied' || told.code === 'applied_elsewhere';
    if (done || tries === TRIES) return { password, done };
    await pause(AGAIN_MS);
  }
}

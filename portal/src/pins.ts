// Which domain root this browser believes: seal/pins.mjs, with the page's own storage and address.
import { pinFor, pinInFragment, rememberPin, type PinStorage } from '../seal/pins.mjs';
import { checkPassword, sealFor, SealError, type Keys, type ProbeAnswer } from '../seal/seal.mjs';

export { SealError };
export interface SealOffer {
  probe: string;
  answer: ProbeAnswer;
  keys: Keys;
}
/** The rules for a password, as the account's own agent knows them. */
export interface AskedFor {
  answer: { display_name: string; policy: { min_length: number; complexity: boolean; history: number } };
  history_enforced: boolean;
}
export type Offer = SealOffer & AskedFor;
/** What the password is for; without one: a reset. `old`: the password of now. */
export type Order = { op: 'authenticate' } | { op: 'change'; old: string };

/** localStorage, or where the browser forbids it: as long as the page lives. */
const storage: PinStorage = (() => {
  try {
    localStorage.getItem('wb');
    return localStorage;
  } catch {
    const held = new Map<string, string>();
    return { getItem: (name) => held.get(name) ?? null, setItem: (name, value) => { held.set(name, value); } };
  }
})();

/** Has this browser any root to check against? Told at the first screen already: the last one could not go on. SealError: damaged link. */
export function mayKnowADomain(): boolean {
  if (pinInFragment(location.hash)) return true;
  try { return Object.keys(localStorage).some((name) => name.startsWith('wb-pin ')); } catch { return false; }
}

/** Which domain's look to ask for: that of the link's root, else of the one that this browser knows. */
export function mayKnowOf(): string {
  try {
    const root = pinInFragment(location.hash);
    if (root) return `?root=${root}`;
    const known = Object.keys(localStorage).filter((name) => name.startsWith('wb-pin '));
    return known.length === 1 ? `?domain=${encodeURIComponent(known[0]!.slice(known[0]!.lastIndexOf('/') + 1))}` : '';
  } catch { return ''; }
}

const pinOf = ({ keys }: SealOffer) => pinFor(storage, { tenant: keys.tenant, domain: keys.domain, fragment: pinInFragment(location.hash), roots: keys.roots });

/** Refuses before anybody types what could not be sealed. */
export async function checkPin(offer: SealOffer): Promise<void> { await pinOf(offer); }

/** The JWE, for agents verified up to the domain root that is known; only after that the root is remembered. */
export async function sealed(offer: SealOffer, password: string, order?: Order): Promise<string> {
  checkPassword(password);
  const { tenant, domain } = offer.keys;
  const done = await sealFor(offer.keys, offer.answer, password, { ...(await pinOf(offer)), tenant, domain, ...order });
  rememberPin(storage, { tenant, domain, dr: done.dr, rsn: done.rsn });
  return done.sealed;
}

// Which domain root a page believes (docs/PROTOCOL.md section 3, Pins): told by the link's fragment `#dr=`, else known from
// an earlier visit; stored only after a roster verified against it. A fragment that contradicts stops with a warning.
import { SealError, followRoots } from './seal.mjs';

const refuse = (code, message) => { throw new SealError(code, message); };
const isThumbprint = (text) => typeof text === 'string' && /^[A-Za-z0-9_-]{43}$/.test(text);
const nameOf = ({ tenant, domain }) => `wb-pin ${tenant}/${domain}`;

function stored(storage, where) {
  const text = storage.getItem(nameOf(where));
  if (text === null) return null;
  let pin;
  try { pin = JSON.parse(text); } catch { pin = null; }
  if (!isThumbprint(pin?.dr) || !Number.isSafeInteger(pin?.rsn)) refuse('pin_damaged', 'what this browser remembers of the domain can\'t be read');
  return pin;
}

/** The thumbprint in a link's fragment; null where there is none. @param {string} hash as of `location.hash` */
export function pinInFragment(hash) {
  const parts = hash.replace(/^#/, '').split('&').filter((part) => part.startsWith('dr='));
  if (parts.length === 0) return null;
  const dr = parts[0].slice(3);
  if (parts.length > 1 || !isThumbprint(dr)) refuse('pin_malformed', 'the link is damaged: its #dr= is no thumbprint');
  return dr;
}

/**
 * What to check the answer of GET /api/v1/keys against.
 * @param {{getItem: Function}} storage localStorage, or the like
 * @param {{tenant: string, domain: string, fragment?: string|null, roots?: string[]}} where `roots`: of that answer
 * @returns {Promise<{pin: string, leastRsn: number}>}
 */
export async function pinFor(storage, { tenant, domain, fragment = null, roots = [] }) {
  const known = stored(storage, { tenant, domain });
  if (!known && !fragment) refuse('no_pin', 'this browser does not know the domain yet: use the link or the code you were given');
  if (!known) return { pin: fragment, leastRsn: 0 };
  if (fragment && fragment !== known.dr) {
    // An older or a newer link of the same domain leads to the same root; everything else is another domain's, or an attack.
    const follow = (pin) => followRoots(roots, { pin, tenant, domain });
    if (await follow(fragment) !== await follow(known.dr)) refuse('pin_contradiction', 'the link names another domain root than the one this browser knows: ask whoever gave it to you');
  }
  return { pin: known.dr, leastRsn: known.rsn };
}

/** After sealFor() has believed the roster: its `dr` and `rsn`, which never goes back. */
export function rememberPin(storage, { tenant, domain, dr, rsn }) {
  const known = stored(storage, { tenant, domain });
  storage.setItem(nameOf({ tenant, domain }), JSON.stringify({ dr, rsn: Math.max(rsn, known?.rsn ?? 0) }));
}

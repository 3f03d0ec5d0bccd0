// What the directory will surely refuse, told while the person types; and passwords that it will not. Pure.
import type { Policy } from './api';

export type Rule = 'length' | 'kinds' | 'name' | 'too_long';
export interface Hint {
  rule: Rule;
  met: boolean;
  binding: boolean; // surely refused when not met
}
const LONGEST = 256;

/** How many of Windows' kinds of characters there are: capitals, small letters, digits, symbols, letters without case. */
export function kindsOf(password: string): number {
  const kinds = [/\p{Lu}|\p{Lt}/u, /\p{Ll}/u, /[0-9]/, /[^\p{L}\p{N}]/u, /\p{Lo}|\p{Lm}/u];
  return kinds.filter((kind) => kind.test(password)).length;
}

/** Parts of 3 characters or more that a password may not hold: the account's name, and each word of the display name. */
export function namesIn(name: string, displayName: string): string[] {
  const account = name.replace(/^.*\\/, '').replace(/@.*$/, '');
  return [account, ...displayName.split(/[,.\-_# \t]+/)].filter((part) => part.length >= 3).map((part) => part.toLowerCase());
}

export function hints(password: string, policy: Policy, names: string[]): Hint[] {
  const out: Hint[] = [{ rule: 'length', met: password.length >= Math.max(1, policy.min_length), binding: true }];
  if (policy.complexity) {
    out.push({ rule: 'kinds', met: kindsOf(password) >= 3, binding: true });
    const lower = password.toLowerCase();
    out.push({ rule: 'name', met: password !== '' && !names.some((name) => lower.includes(name)), binding: false });
  }
  if (password.length > LONGEST) out.push({ rule: 'too_long', met: false, binding: true });
  return out;
}

// No remainder: each value below `most` is as likely as any other.
function draw(most: number): number {
  const one = new Uint32Array(1);
  const end = Math.floor(0x1_0000_0000 / most) * most;
  do crypto.getRandomValues(one); while (one[0]! >= end);
  return one[0]! % most;
}
const of = (letters: string) => letters[draw(letters.length)]!;

/** "Tabo-kemi-lura-nopi-fuda-47": 68 bits, to be read out and typed on a phone; longer where the policy wants that. */
export function generate(minLength: number): string {
  let text = '';
  for (let words = 0; words < 5 || text.length + 2 < minLength; words += 1) {
    for (let i = 0; i < 2; i += 1) text += of('bdfghjklmnprstvwz') + of('aeiou');
    text += '-';
  }
  return text[0]!.toUpperCase() + text.slice(1) + of('23456789') + of('23456789');
}

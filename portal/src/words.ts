// The page's own texts, in the person's language: ?mkt=, else what the browser says, else English.
import de from './messages/de.json';
import en from './messages/en.json';

export type Key = keyof typeof en;
export const LANGUAGES = { en: { name: 'English', words: en }, de: { name: 'Deutsch', words: de as typeof en } };
export type Language = keyof typeof LANGUAGES;

const known = (tag: string): Language | undefined => {
  const primary = tag.toLowerCase().split('-')[0]!;
  return Object.hasOwn(LANGUAGES, primary) ? (primary as Language) : undefined;
};

export function languageOf(search: string, wished: readonly string[]): Language {
  const asked = known(new URLSearchParams(search).get('mkt') ?? '');
  return asked ?? wished.map(known).find((one) => one !== undefined) ?? 'en';
}

export type Say = (key: Key, values?: Record<string, string | number>) => string;
export const speaker = (language: Language): Say => (key, values = {}) =>
  LANGUAGES[language].words[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

export const isKey = (key: string): key is Key => Object.hasOwn(en, key);

/** A moment in the person's own time: "14:05", with the day where it is another one. */
export function moment(language: Language, seconds: number, now = new Date()): string {
  const at = new Date(seconds * 1000);
  const sameDay = at.toDateString() === now.toDateString();
  return new Intl.DateTimeFormat(language, sameDay ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' }).format(at);
}
export const seconds = (language: Language, ms: number): string =>
  new Intl.NumberFormat(language, { maximumFractionDigits: 1, minimumFractionDigits: 1 }).format(Math.max(0.1, ms / 1000));

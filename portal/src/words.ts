// The pages' own texts, in the person's language: ?mkt=, else what the browser says, else English. English is part of the program;
// each other language is a file of its own, fetched when it is wanted.
import en from './messages/en.json';

/** A text with places "{name}" to fill in; or one for each plural form that the language has, chosen by {count} (Unicode CLDR). */
export type Text = string | { [form in Intl.LDMLPluralRule]?: string };
export type Words = Record<string, Text>;
export type Files = Record<string, () => Promise<Words>>; // by "./messages/de.json"
export type Key = keyof typeof en;

export const LANGUAGES = {
  en: 'English', de: 'Deutsch', fr: 'Français', es: 'Español', pt: 'Português', it: 'Italiano', nl: 'Nederlands', pl: 'Polski', tr: 'Türkçe', ja: '日本語', zh: '简体中文', ar: 'العربية',
};
export type Language = keyof typeof LANGUAGES;
const RIGHT_TO_LEFT = ['ar'];
export const directionOf = (language: Language) => (RIGHT_TO_LEFT.includes(language) ? 'rtl' : 'ltr');

const held = new Map<Language, Words>([['en', {}]]);
const shelves: Files[] = [];

/** More texts, known in English from now on and in others once they are loaded. */
export function shelve(english: Words, files: Files): void {
  Object.assign(held.get('en')!, english);
  shelves.push(files);
}
shelve(en, import.meta.glob<Words>(['./messages/*.json', '!./messages/en.json'], { import: 'default' }));

const known = (tag: string): Language | undefined => {
  const primary = tag.toLowerCase().split('-')[0]!;
  return Object.hasOwn(LANGUAGES, primary) ? (primary as Language) : undefined;
};

export function languageOf(search: string, wished: readonly string[]): Language {
  const asked = known(new URLSearchParams(search).get('mkt') ?? '');
  return asked ?? wished.map(known).find((one) => one !== undefined) ?? 'en';
}

/** Fetches the texts of a language, of those shelves that have it: what they have not is said in English. The language that can be spoken now: English, where they did not come. */
export async function load(language: Language): Promise<Language> {
  if (held.has(language)) return language;
  try {
    const parts = await Promise.all(shelves.map((files) => files[`./messages/${language}.json`]?.() ?? {}));
    held.set(language, Object.assign({}, ...parts) as Words);
    return language;
  } catch {
    return 'en';
  }
}

// A value of another direction than the sentence's turns nothing around beside it (U+2068, U+2069). Elsewhere it stays as it is: it may be copied.
const LEFTWARD = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;
const isolated = (value: string, language: Language) => (directionOf(language) === 'rtl' || LEFTWARD.test(value) ? `\u2068${value}\u2069` : value);

export type Say<K extends string = Key> = (key: K, values?: Record<string, string | number>) => string;
export function speaker<K extends string = Key>(language: Language): Say<K> {
  const plural = new Intl.PluralRules(language), number = new Intl.NumberFormat(language);
  return (key, values = {}) => {
    const text = held.get(language)?.[key] ?? held.get('en')![key] ?? '';
    const one = typeof text === 'string' ? text : text[plural.select(Number(values.count))] ?? text.other ?? '';
    return one.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      return typeof value === 'number' ? number.format(value) : value === undefined ? whole : isolated(value, language);
    });
  };
}

export const isKey = (key: string): key is Key => Object.hasOwn(held.get('en')!, key);

/** A moment in the person's own time: "14:05", with the day where it is another one. */
export function moment(language: Language, seconds: number, now = new Date(), zone?: 'short'): string {
  const at = new Date(seconds * 1000);
  const date = at.toDateString() === now.toDateString() ? {} : ({ year: 'numeric', month: 'short', day: 'numeric' } as const);
  return new Intl.DateTimeFormat(language, { ...date, hour: 'numeric', minute: '2-digit', timeZoneName: zone }).format(at);
}
/** One to wait for, with the name of the time zone; rounded up to the minute: it promises nothing that is not so. */
export const later = (language: Language, seconds: number, now?: Date): string => moment(language, Math.ceil(seconds / 60) * 60, now, 'short');
export const day = (language: Language, seconds: number): string => new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(new Date(seconds * 1000));
export const seconds = (language: Language, ms: number): string =>
  new Intl.NumberFormat(language, { maximumFractionDigits: 1, minimumFractionDigits: 1 }).format(Math.max(0.1, ms / 1000));

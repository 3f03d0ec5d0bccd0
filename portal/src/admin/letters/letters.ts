// The organisation's letters as the API tells them (docs/openapi.json, Letters), and what of a draft is wrong. Pure.
import { directionOf, LANGUAGES, type Language } from '../../words';

export interface Wording {
  subject: string;
  text: string;
}
export interface Kind {
  letter: string;
  placeholders: string[];
  needed: string[];
  own: string[]; // languages
}
export interface Letters {
  languages: string[];
  letters: Kind[];
}
export interface Letter extends Wording {
  letter: string;
  language: string;
  version: number;
  at: number;
  actor: string;
  own: boolean;
  shipped: Wording;
}
export interface Rendered extends Wording { html: string }
export interface Earlier {
  version: number;
  at: number;
  actor: string;
  own: Wording | null;
}

export const SUBJECT_MAX = 200; // characters: the service takes no longer one

export const wordingOf = ({ subject, text }: Wording): Wording => ({ subject, text });
/** As it is sent: a subject without blanks around it, a text without lines at its end that nobody sees. */
export const cleaned = ({ subject, text }: Wording): Wording => ({ subject: subject.trim(), text: text.trimEnd() });
export const same = (a: Wording, b: Wording) => a.subject === b.subject && a.text === b.text;
export const inBraces = (names: string[]) => names.map((name) => `{${name}}`).join(', ');

/** Which of the two a refusal is about. */
export function wrongPart(code: string | undefined): keyof Wording | null {
  if (code === 'letter_subject' || code === 'letter_secret_in_subject') return 'subject';
  return code === 'letter_text' || code === 'letter_missing_placeholder' ? 'text' : null;
}

/** In its own letters; a language that an operator has added, and these pages don't speak, by its tag. */
export const nameOf = (language: string) => (Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language as Language] : language);
export const writtenIn = (language: string) => ({ lang: language, dir: Object.hasOwn(LANGUAGES, language) ? directionOf(language as Language) : 'auto' } as const);

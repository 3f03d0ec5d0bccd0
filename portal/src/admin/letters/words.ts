// The texts around the organisation's letters.
import { shelve, type Words } from '../../words';
import en from './messages/en.json';

export type LettersKey = keyof typeof en;
shelve(en, import.meta.glob<Words>(['./messages/*.json', '!./messages/en.json'], { import: 'default' }));

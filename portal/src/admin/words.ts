// The texts of the administration pages, besides those of whoever signs in; those of its letters, agents and reports stand beside them.
import '../me/words'; // on the shelf, too
import type { MyKey } from '../me/words';
import './console/words';
import type { ConsoleKey } from './console/words';
import './letters/words';
import type { LettersKey } from './letters/words';
import { shelve, type Say, type Words } from '../words';
import en from './messages/en.json';

export type AdminKey = MyKey | ConsoleKey | LettersKey | keyof typeof en;
export type AdminSay = Say<AdminKey>;
shelve(en, import.meta.glob<Words>(['./messages/*.json', '!./messages/en.json'], { import: 'default' }));

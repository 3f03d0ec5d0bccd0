// The texts of the administration pages, besides those of whoever signs in.
import '../me/words'; // on the shelf, too
import type { MyKey } from '../me/words';
import { shelve, type Say, type Words } from '../words';
import en from './messages/en.json';

export type AdminKey = MyKey | keyof typeof en;
export type AdminSay = Say<AdminKey>;
shelve(en, import.meta.glob<Words>(['./messages/*.json', '!./messages/en.json'], { import: 'default' }));

// The texts of the pages for people who are signed in, besides those that all pages have.
import { shelve, type Key, type Say, type Words } from '../words';
import en from './messages/en.json';

export type MyKey = Key | keyof typeof en;
export type MySay = Say<MyKey>;
shelve(en, import.meta.glob<Words>(['./messages/*.json', '!./messages/en.json'], { import: 'default' }));

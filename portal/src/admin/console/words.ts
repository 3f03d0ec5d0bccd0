// The texts around the administration's areas, and of its agents and reports.
import { shelve, type Words } from '../../words';
import en from './messages/en.json';

export type ConsoleKey = keyof typeof en;
shelve(en, import.meta.glob<Words>(['./messages/*.json', '!./messages/en.json'], { import: 'default' }));

// Where somebody stands who comes to the administration. Pure.
import type { View } from '../me/desk';

/** Who is at the door, and why they are not in. */
export type Place = 'console' | 'second' | 'register' | 'outside' | 'frozen' | Exclude<View['stage'], 'home' | 'second'>;
export function placeOf({ stage, me }: Pick<View, 'stage' | 'me'>): Place {
  if ((stage !== 'home' && stage !== 'second') || !me) return stage === 'home' || stage === 'second' ? 'signin' : stage;
  if (!me.administrator) return 'outside';
  if (me.frozen) return 'frozen';
  if (me.level >= 2) return 'console';
  return me.second !== null ? 'second' : 'register';
}

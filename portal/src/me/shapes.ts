// What the API says of somebody who is signed in (docs/SSPR.md).
export type Kind = 'app_code' | 'email' | 'questions';
export const KINDS: readonly Kind[] = ['app_code', 'email', 'questions'];

export interface Me {
  name: string;
  administrator: boolean;
  level: number; // 2: has given a second proof
  second: 'app_code' | 'email' | null; // an administrator's, if what they have will do for it
  expires: number;
  frozen: boolean;
  brand?: unknown; // where it was asked for
  methods: { id: string; kind: Kind; label: string; made: number; proven: number }[];
  registration: {
    allowed: string[];
    required: number;
    missing: number;
    reconfirm: boolean;
    questions_to_register: number;
    questions: { id: string; text: string }[];
  };
}
/** What has been begun and is registered once its code was right. */
export interface Pending {
  id: string;
  uri?: string; // of an app's key
  secret?: string; // the same, to be typed
  label?: string; // of an address, masked
  address?: string; // as it was typed
}

/** An administrator who has something for it gives a second proof before anything is changed. */
export const needsSecond = (me: Me) => me.administrator && me.level < 2 && me.second !== null;

/** What may be added now, in the organisation's order; what is not known here is left out. An administrator's app comes first. */
export function addable(me: Me): Kind[] {
  if (me.frozen || needsSecond(me)) return [];
  const kinds = KINDS.filter((kind) => me.registration.allowed.includes(kind));
  const appFirst = me.administrator && kinds.includes('app_code') && !me.methods.some(({ kind }) => kind === 'app_code');
  return appFirst ? ['app_code'] : kinds;
}

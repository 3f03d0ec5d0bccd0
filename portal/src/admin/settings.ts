// The settings' document (docs/openapi.json, Settings), how each member is asked for, and what becomes of changes when somebody else was
// faster. Pure.
export type Value = string | number | boolean | string[];
export type Settings = Record<string, Value>;
export interface Version {
  version: number;
  at: number;
  actor: string;
  settings: Settings;
}
export interface Concerned {
  sub: string;
  name: string;
  reason: string;
  seen: number;
}
export interface DryRun {
  changes: { setting: string; old_value: string; new_value: string }[];
  registered: number;
  now: number;
  then: number;
  losing: number;
  gaining: number;
  loses: Concerned[];
  gains: Concerned[];
}

export type Kind =
  | { kind: 'switch' }
  | { kind: 'text'; most: number; link?: boolean }
  | { kind: 'colour' }
  | { kind: 'number'; min: number; max: number }
  | { kind: 'lines' }
  | { kind: 'choice'; of: readonly string[] }
  | { kind: 'several'; of: readonly string[] };
export type Member = { name: string } & Kind;

export const LOGO_MAX = 16_384; // characters, of a data: URL: the service takes no longer one

export const GROUPS: readonly { group: string; members: readonly Member[] }[] = [
  { group: 'who', members: [
    { name: 'scope', kind: 'choice', of: ['none', 'selected', 'all'] }, { name: 'groups', kind: 'lines' }, { name: 'excluded_groups', kind: 'lines' },
    { name: 'registration_required', kind: 'switch' }, { name: 'reconfirm_days', kind: 'number', min: 0, max: 730 }] },
  { group: 'methods', members: [
    { name: 'methods', kind: 'several', of: ['app_code', 'email', 'questions', 'pass'] }, { name: 'methods_required', kind: 'number', min: 1, max: 2 }, { name: 'own_mail_domains', kind: 'lines' }] },
  { group: 'questions', members: [
    { name: 'questions_to_register', kind: 'number', min: 3, max: 5 }, { name: 'questions_to_ask', kind: 'number', min: 3, max: 5 },
    { name: 'questions_alone', kind: 'switch' }, { name: 'custom_questions', kind: 'lines' }] },
  { group: 'notifications', members: [{ name: 'notify_user', kind: 'switch' }, { name: 'notify_administrators', kind: 'switch' }] },
  { group: 'branding', members: [
    { name: 'brand_name', kind: 'text', most: 64 }, { name: 'brand_text', kind: 'text', most: 300 }, { name: 'brand_logo', kind: 'text', most: LOGO_MAX, link: true }, { name: 'brand_colour', kind: 'colour' },
    { name: 'helpdesk', kind: 'text', most: 512, link: true }] },
  { group: 'directory', members: [{ name: 'write_back', kind: 'switch' }, { name: 'allow_unlock', kind: 'switch' }, { name: 'contact_attributes', kind: 'lines' }] },
  { group: 'administrators', members: [{ name: 'administrator_groups', kind: 'lines' }, { name: 'administrators_may_reset', kind: 'switch' }] },
];
const MEMBERS = GROUPS.flatMap(({ members }) => members);

/** As it is sent: lines without blanks around them, and none that is empty. */
export const cleaned = (draft: Settings): Settings => Object.fromEntries(Object.entries(draft).map(([name, value]) =>
  [name, Array.isArray(value) ? value.map((line) => line.trim()).filter(Boolean) : typeof value === 'string' ? value.trim() : value]));

const same = (a: Value | undefined, b: Value | undefined) => JSON.stringify(a) === JSON.stringify(b);
export const changed = (from: Settings, to: Settings): string[] => Object.keys(to).filter((name) => !same(from[name], to[name]));

/** What can't be right, by name; the service has the last word. */
export function wrong(draft: Settings): string[] {
  const bad = ({ name, ...one }: Member) => {
    const value = draft[name];
    if (one.kind === 'number') return !Number.isInteger(value) || (value as number) < one.min || (value as number) > one.max;
    if (one.kind === 'colour') return value !== '' && !/^#[0-9a-f]{6}$/i.test(String(value));
    return false;
  };
  return MEMBERS.filter(bad).map(({ name }) => name);
}

/** My changes on top of what somebody else has saved meanwhile; `both`: what each of us has changed, and not alike. Mine is kept there. */
export function rebased(base: Settings, mine: Settings, newest: Settings): { draft: Settings; both: string[] } {
  const own = changed(base, mine);
  return {
    draft: { ...newest, ...Object.fromEntries(own.map((name) => [name, mine[name]!])) },
    both: own.filter((name) => !same(base[name], newest[name]) && !same(mine[name], newest[name])),
  };
}

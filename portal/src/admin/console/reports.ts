// A report (docs/openapi.json, Report), made ready to be drawn. Pure.
export interface Day {
  day: string; // "2026-11-26", UTC
  resets: number;
  unlocks: number;
  changes: number;
  by_administrator: number;
  refused: number;
  abandoned: number;
  blocked: number;
}
export interface Report {
  from_ms: number;
  to_ms: number;
  complete: boolean;
  days: Day[]; // those with anything
  outcomes: Record<string, number>;
  causes: Record<string, number>;
  methods: Record<string, number>;
  seconds: { p50: number; p95: number; counted: number; spread: { up_to: number | null; count: number }[] };
  coverage: { people: number; in_scope: number; ready: number; frozen: number; registered: Record<string, number> };
}

const DAY_MS = 86_400_000;
export const RANGES = [7, 30, 90] as const; // days, today's among them
export const COLUMNS = ['resets', 'unlocks', 'changes', 'by_administrator', 'refused', 'abandoned', 'blocked'] as const;
/** As they are stacked, from below. What people have done themselves is one. */
export const SERIES = ['done', 'by_administrator', 'refused', 'abandoned', 'blocked'] as const;
export type Series = (typeof SERIES)[number];

export const dayOf = (at_ms: number) => new Date(at_ms).toISOString().slice(0, 10);
/** The path of the last so many days, in UTC. */
export const asked = (days: number, now_ms: number) => `reports?from=${dayOf(now_ms - (days - 1) * DAY_MS)}`;

export const valueOf = (one: Day, series: Series) => (series === 'done' ? one.resets + one.unlocks + one.changes : one[series]);
const none = (day: string): Day => ({ day, resets: 0, unlocks: 0, changes: 0, by_administrator: 0, refused: 0, abandoned: 0, blocked: 0 });
/** Every day of the report, also those without anything. */
export function everyDay({ from_ms: from, to_ms: to, days }: Pick<Report, 'from_ms' | 'to_ms' | 'days'>): Day[] {
  const there = new Map(days.map((one) => [one.day, one]));
  const all: Day[] = [];
  for (let at = Math.floor(from / DAY_MS) * DAY_MS; at < to; at += DAY_MS) all.push(there.get(dayOf(at)) ?? none(dayOf(at)));
  return all;
}
export function totals(days: Day[]): Day {
  const sum = none('');
  for (const one of days) for (const column of COLUMNS) sum[column] += one[column];
  return sum;
}

/** The axis' end: a number at least as large, of which halves are whole. */
export function ceiling(most: number): number {
  for (let step = 1; ; step *= 10) for (const one of [2, 4, 6, 10]) if (one * step >= most) return one * step;
}

/** What was passed, as the audit names it, by the name that the settings have for it. */
export const methodOf = (name: string) => (name === 'app' ? 'app_code' : name);
/** The largest first. */
export const sorted = (counts: Record<string, number>) => Object.entries(counts).sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));

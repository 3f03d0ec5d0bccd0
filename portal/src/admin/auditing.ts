// The audit's lines (docs/OPERATIONS.md, Audit), a page of them, and what is asked for. Pure but for the call itself.
import { exchange } from '../api';

export interface Row {
  seq: number;
  at_ms: number;
  activity: string;
  actor: string;
  status: string;
  reason: string;
  target?: string;
  correlation_id?: string;
  details: Record<string, unknown>;
}
export interface Line {
  text: string; // as it came: its hash is of these bytes
  row: Row;
}
export interface Wanted {
  activity: string;
  from: string; // as <input type=datetime-local> says it, in the browser's own time, or empty
  to: string;
}

/** "2026-11-26T13:00" here to "2026-11-26T12:00:00Z"; "" where it is no time. */
export function zulu(local: string): string {
  const at = new Date(local);
  return local === '' || Number.isNaN(at.getTime()) ? '' : at.toISOString().replace(/\.\d+Z$/, 'Z');
}

export function query({ activity, from, to }: Wanted, after: number, limit: number): string {
  const all = { after: String(after), limit: String(limit), activity: activity.trim(), from: zulu(from), to: zulu(to) };
  return `audit?${new URLSearchParams(Object.entries(all).filter(([, value]) => value !== ''))}`;
}

/** A line that is none is left out: the rest can be read. */
export function linesOf(text: string): Line[] {
  return text.split('\n').flatMap((one) => {
    try {
      const { row } = JSON.parse(one) as { row?: Row };
      return row && typeof row.seq === 'number' ? [{ text: one, row }] : [];
    } catch {
      return [];
    }
  });
}

/** `after` of the next page; the same as before: there is none yet. */
export async function page(wanted: Wanted, after: number, limit: number): Promise<{ lines: Line[]; next: number }> {
  const { text, headers } = await exchange('GET', query(wanted, after, limit), undefined, { mute: true });
  const next = Number(headers.get('audit-next'));
  return { lines: linesOf(text), next: Number.isSafeInteger(next) && next >= after ? next : after };
}

export const holds = (line: Line, part: string) => line.text.toLowerCase().includes(part.trim().toLowerCase());

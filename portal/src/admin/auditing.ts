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
  agent?: string;
  dc?: string;
  address?: string;
  details: Record<string, unknown>;
}
export interface Line {
  text: string; // as it came: its hash is of these bytes
  row: Row;
}
export interface Wanted {
  activity: string;
  correlation_id: string; // as it was read out
  target: string;
  from: string; // as <input type=datetime-local> says it, in the browser's own time, or empty
  to: string;
}

/** "2026-11-26T13:00" here to "2026-11-26T12:00:00Z"; "" where it is no time. */
export function zulu(local: string): string {
  const at = new Date(local);
  return local === '' || Number.isNaN(at.getTime()) ? '' : at.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** As pages show it, whatever it was written down like over the telephone: our own numbers have 26 letters and digits. */
export function readOut(number: string): string {
  const joined = number.replace(/[\s-]/g, '').toUpperCase();
  return /^[0-9A-Z]{26}$/.test(joined) ? joined : number.trim();
}

export function query({ activity, correlation_id, target, from, to }: Wanted, after: number, limit: number): string {
  const all = { after: String(after), limit: String(limit), activity: activity.trim(), correlation_id: readOut(correlation_id), target: target.trim(), from: zulu(from), to: zulu(to) };
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

/** All lines, page by page, to be taken away: `most` of them. `cut`: there are more. */
export async function whole(ask: (after: number) => ReturnType<typeof page>, most: number): Promise<{ lines: string[]; cut: boolean }> {
  const lines: string[] = [];
  for (let after = 0;;) {
    const one = await ask(after);
    if (one.lines.length === 0) return { lines, cut: false };
    const room = most - lines.length;
    for (const { text } of one.lines.slice(0, room)) lines.push(text);
    if (one.lines.length > room) return { lines, cut: true };
    after = one.next;
  }
}

/** What else a row says: from the browser to the controller that wrote. */
export function more({ correlation_id, agent, dc, address, details }: Row): Record<string, unknown> {
  return { ...Object.fromEntries(Object.entries({ correlation_id, agent, dc, address }).filter(([, value]) => value)), ...details };
}

export const holds = (line: Line, part: string) => line.text.toLowerCase().includes(part.trim().toLowerCase());

// Reports: what self-service did, drawn, with every number in a table too.
import { useState } from 'preact/hooks';
import { call } from '../../api';
import { Screen } from '../../parts';
import type { Language } from '../../words';
import { told, useAdmin, useFirstLook } from '../scene';
import { Bars, DayPlot, Swatch } from './plot';
import { asked, COLUMNS, everyDay, methodOf, RANGES, SERIES, sorted, totals, valueOf, type Day, type Report, type Series } from './reports';

/** "45 sec", "5 min". */
function lasting(language: Language, seconds: number): string {
  const [value, unit] = seconds < 60 ? [seconds, 'second'] : [seconds / 60, 'minute'];
  return new Intl.NumberFormat(language, { style: 'unit', unit: unit as string, unitDisplay: 'short', maximumFractionDigits: 1 }).format(value as number);
}

function DayTable({ days, all }: { days: Day[]; all: Day }) {
  const { say, language } = useAdmin();
  const number = new Intl.NumberFormat(language), date = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' });
  const numbers = (one: Day) => COLUMNS.map((column) => <td key={column} data-column={column}>{number.format(one[column])}</td>);
  return (
    <div class="wide" tabIndex={0} role="region" aria-label={say('report.table')}>
      <table id="days">
        <thead><tr><th scope="col">{say('report.day')}</th>{COLUMNS.map((column) => <th key={column} scope="col">{say(`outcome.${column}`)}</th>)}</tr></thead>
        <tbody>{days.map((one) => <tr key={one.day} data-row={one.day}><th scope="row">{date.format(new Date(`${one.day}T00:00:00Z`))}</th>{numbers(one)}</tr>)}</tbody>
        <tfoot><tr data-row="total"><th scope="row">{say('report.total')}</th>{numbers(all)}</tr></tfoot>
      </table>
    </div>
  );
}

function Days({ report }: { report: Report }) {
  const { say, language } = useAdmin();
  const days = everyDay(report), all = totals(report.days);
  const number = new Intl.NumberFormat(language);
  const name = (series: Series) => say(`outcome.${series}`);
  const legend = SERIES.map((series) => `${name(series)} ${number.format(valueOf(all, series))}`).join(', ');
  return (
    <section>
      <h2>{say('report.days')}</h2>
      {report.days.length === 0 ? <p data-nothing>{say('report.nothing')}</p> : (
        <>
          <DayPlot days={days} name={name} label={`${say('report.days')}: ${legend}. ${say('report.below')}`} />
          <ul class="legend">{SERIES.map((series) => <li key={series} data-series={series}><Swatch of={series} /> {name(series)}: {number.format(valueOf(all, series))}</li>)}</ul>
          <details><summary>{say('report.table')}</summary><p class="hint">{say('report.left_out')}</p><DayTable days={report.days} all={all} /></details>
        </>
      )}
    </section>
  );
}

function Times({ seconds: { p50, p95, counted, spread } }: Pick<Report, 'seconds'>) {
  const { say, language } = useAdmin();
  const bars = spread.map(({ up_to: to, count }, index) => ({
    name: String(to), value: count,
    label: to === null ? say('report.over', { time: lasting(language, spread[index - 1]?.up_to ?? 0) }) : say('report.up_to', { time: lasting(language, to) }),
  }));
  return (
    <section>
      <h2>{say('report.time')}</h2>
      {counted === 0 ? <p>{say('report.nothing')}</p> : (
        <>
          <p>{say('report.half', { half: lasting(language, p50), most: lasting(language, p95) })}</p>
          <Bars id="times" caption={say('report.time')} bars={bars} whole={counted} />
        </>
      )}
    </section>
  );
}

function Counted({ id, heading, counts, code }: { id: string; heading: string; counts: Record<string, number>; code?: boolean }) {
  const { say } = useAdmin();
  const all = sorted(counts);
  const label = (name: string) => (code ? name : told(say, 'kind', methodOf(name)));
  return (
    <section>
      <h2>{heading}</h2>
      {all.length === 0 ? <p>{say('report.nothing')}</p> : <Bars id={id} caption={heading} bars={all.map(([name, value]) => ({ name, value, code, label: label(name) }))} whole={all.reduce((sum, [, value]) => sum + value, 0)} />}
    </section>
  );
}

function Coverage({ coverage: { people, in_scope: scope, ready, frozen, registered } }: Pick<Report, 'coverage'>) {
  const { say } = useAdmin();
  const rows = { people, in_scope: scope, ready, frozen };
  return (
    <section>
      <h2>{say('report.coverage')}</h2>
      <p>{say('report.coverage.lead')}</p>
      <Bars id="coverage" caption={say('report.coverage')} bars={Object.entries(rows).map(([name, value]) => ({ name, value, label: say(`cover.${name as keyof typeof rows}`) }))} whole={people} />
      <h3>{say('report.registered')}</h3>
      <Bars id="registered" caption={say('report.registered')} bars={sorted(registered).map(([name, value]) => ({ name, value, label: told(say, 'kind', name) }))} whole={scope} />
    </section>
  );
}

export function ReportsPanel() {
  const { desk, say } = useAdmin();
  const [range, setRange] = useState<number>(30);
  const [report, setReport] = useState<Report | null>(null);
  const look = (days: number) => void desk.run(async () => {
    setReport(await call<Report>('GET', asked(days, Date.now())));
    setRange(days);
  });
  useFirstLook(() => look(range));
  return (
    <Screen heading={say('tab.reports')}>
      <p class="lead">{say('report.lead')}</p>
      <div class="actions" role="group" aria-label={say('report.range')}>
        {RANGES.map((days) => <button key={days} type="button" class="second" data-range={days} aria-pressed={report !== null && days === range} onClick={() => look(days)}>{say('report.last', { count: days })}</button>)}
      </div>
      {report && (
        <div id="report" data-range={range}>
          {!report.complete && <p class="notice" data-partial>{say('report.partial')}</p>}
          <Days report={report} />
          <Counted id="methods" heading={say('report.methods')} counts={report.methods} />
          <Times seconds={report.seconds} />
          <Coverage coverage={report.coverage} />
          <Counted id="causes" heading={say('report.causes')} counts={report.causes} code />
        </div>
      )}
    </Screen>
  );
}

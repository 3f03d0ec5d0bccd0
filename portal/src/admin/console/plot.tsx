// Plots without a library: bars for each day, stacked, and tables whose rows have a bar. Colours are the page's own, light or dark, and
// each has a pattern besides. Presentation is in attributes and classes: the page's policy takes no style in the markup.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { directionOf } from '../../words';
import { useAdmin } from '../scene';
import { ceiling, SERIES, valueOf, type Day, type Series } from './reports';

const HEIGHT = 180, ABOVE = 12, BELOW = 20, AXIS = 36, NARROWEST = 200;

/** What lies over a colour, so that nobody needs to tell the colours apart. */
const LINES: Record<Series, string> = { done: '', by_administrator: 'M0 8L8 0M-2 2L2 -2M6 10L10 6', refused: 'M0 0L8 8M-2 6L2 10M6 -2L10 2', abandoned: 'M0 4H8', blocked: 'M4 0V8' };
function Patterns() {
  return (
    <defs>
      {SERIES.map((one) => (
        <pattern key={one} id={`fill-${one}`} width="8" height="8" patternUnits="userSpaceOnUse">
          <rect width="8" height="8" class={`fill-${one}`} />
          {LINES[one] && <path d={LINES[one]} class="hatch" />}
        </pattern>
      ))}
    </defs>
  );
}
export function Swatch({ of }: { of: Series }) {
  return <svg class="swatch" width="20" height="16" viewBox="0 0 20 16" aria-hidden="true"><rect width="20" height="16" fill={`url(#fill-${of})`} /></svg>;
}

/** As wide as there is room, so that its letters have their size. */
function useWidth() {
  const at = useRef<HTMLDivElement>(null);
  const [width, set] = useState(300);
  useLayoutEffect(() => {
    const look = () => set(Math.max(NARROWEST, at.current?.clientWidth ?? 0));
    look();
    const watching = new ResizeObserver(look);
    watching.observe(at.current!);
    return () => watching.disconnect();
  }, []);
  return { at, width };
}

export function DayPlot({ days, label, name }: { days: Day[]; label: string; name: (series: Series) => string }) {
  const { language } = useAdmin();
  const { at, width } = useWidth();
  const mirrored = directionOf(language) === 'rtl';
  const place = (x: number, wide = 0) => (mirrored ? width - x - wide : x);
  const sum = (one: Day) => SERIES.reduce((all, series) => all + valueOf(one, series), 0);
  const top = ceiling(Math.max(1, ...days.map(sum)));
  const y = (value: number) => ABOVE + HEIGHT * (1 - value / top);
  const step = (width - AXIS) / days.length, bar = Math.max(1, step * 0.75);
  const number = new Intl.NumberFormat(language), date = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', timeZone: 'UTC' });
  const dated = (one: Day) => date.format(new Date(`${one.day}T00:00:00Z`));
  const ends = days.length > 1 ? [[days[0]!, AXIS, 'start'], [days.at(-1)!, width, 'end']] as const : [[days[0]!, AXIS, 'start']] as const;
  const anchor = (side: 'start' | 'end') => (mirrored ? (side === 'start' ? 'end' : 'start') : side);
  return (
    <div class="plot" ref={at}>
      <svg role="img" aria-label={label} viewBox={`0 0 ${width} ${ABOVE + HEIGHT + BELOW}`} data-days={days.length} data-top={top}>
        <Patterns />
        {[0, top / 2, top].map((value) => (
          <g key={value}>
            <line class="grid" x1={place(AXIS)} x2={place(width)} y1={y(value)} y2={y(value)} />
            <text x={place(AXIS - 6)} y={y(value) + 4} text-anchor={anchor('end')}>{number.format(value)}</text>
          </g>
        ))}
        {days.map((one, index) => {
          let below = 0;
          return (
            <g key={one.day} data-day={one.day}>
              <title>{`${dated(one)}: ${SERIES.filter((series) => valueOf(one, series) > 0).map((series) => `${name(series)} ${number.format(valueOf(one, series))}`).join(', ')}`}</title>
              {SERIES.map((series) => {
                const value = valueOf(one, series);
                if (value === 0) return null;
                below += value;
                return <rect key={series} data-series={series} x={place(AXIS + index * step + (step - bar) / 2, bar)} y={y(below)} width={bar} height={(HEIGHT * value) / top} fill={`url(#fill-${series})`} class="bar" />;
              })}
            </g>
          );
        })}
        {ends.map(([one, x, side]) => <text key={side} x={place(x)} y={ABOVE + HEIGHT + BELOW - 4} text-anchor={anchor(side)}>{dated(one)}</text>)}
      </svg>
    </div>
  );
}

export interface Bar {
  name: string;
  label: string;
  code?: boolean;
  value: number;
}
/** A row for each, with its number, its share of `whole`, and a bar. */
export function Bars({ id, caption, bars, whole }: { id: string; caption: string; bars: Bar[]; whole: number }) {
  const { say, language } = useAdmin();
  const mirrored = directionOf(language) === 'rtl';
  const number = new Intl.NumberFormat(language), percent = new Intl.NumberFormat(language, { style: 'percent' });
  return (
    <table class="bars" id={id}>
      <caption class="unseen">{caption}</caption>
      <thead class="unseen"><tr><th scope="col">{say('report.what')}</th><th scope="col">{say('report.number')}</th><th scope="col">{say('report.share')}</th></tr></thead>
      <tbody>
        {bars.map(({ name, label, code, value }) => {
          const share = whole > 0 ? value / whole : 0, long = Math.min(100, share * 100);
          return (
            <tr key={name} data-row={name} data-value={value}>
              <th scope="row">{code ? <code dir="ltr">{label}</code> : label}</th>
              <td>{number.format(value)}</td>
              <td>
                <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="rail" width="100" height="10" /><rect class="fill" x={mirrored ? 100 - long : 0} width={long} height="10" /></svg>
                <span>{percent.format(share)}</span>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

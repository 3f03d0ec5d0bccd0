// The audit: looked through by time and activity, watched as it grows, and taken away as it is.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Field, Form, Tick } from '../fields';
import { Screen } from '../parts';
import { holds, more, page, whole, type Line, type Wanted } from './auditing';
import { useAdmin } from './scene';

const PAGE = 100, EXPORT_PAGE = 1_000, EXPORT_MOST = 200_000, SHOWN_MOST = 2_000, BEAT_MS = 3_000, LOOK_BACK_MS = 3_600_000;

// Here, and where that is: the lines themselves, reports and logs say UTC.
const MOMENT: Intl.DateTimeFormatOptions = { year: 'numeric', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit', second: '2-digit', timeZoneName: 'short' };
const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

function Shown({ line: { row } }: { line: Line }) {
  const { language } = useAdmin();
  const rest = more(row);
  const at = new Intl.DateTimeFormat(language, MOMENT).format(new Date(row.at_ms));
  return (
    <li class="line" data-activity={row.activity} data-seq={row.seq}>
      <p><strong>{row.activity}</strong> {row.status}{row.reason && ` (${row.reason})`}</p>
      <p class="hint">{at} · #{row.seq} · <bdi>{row.actor}</bdi>{row.target && <> → <bdi>{row.target}</bdi></>}</p>
      {Object.keys(rest).length > 0 && <p><code dir="ltr">{JSON.stringify(rest)}</code></p>}
    </li>
  );
}

/** Gives the browser a file. */
function download(lines: string[]): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(lines.map((line) => `${line}\n`), { type: 'application/x-ndjson' }));
  link.download = 'audit.jsonl';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function Audit() {
  const { desk, view, say } = useAdmin();
  const [wanted, setWanted] = useState<Wanted>({ activity: '', correlation_id: '', target: '', from: '', to: '' });
  const [part, setPart] = useState('');
  const [asked, setAsked] = useState<Wanted | null>(null);
  const [lines, setLines] = useState<Line[]>([]);
  const [more, setMore] = useState(false);
  const [live, setLive] = useState(false);
  const [saved, setSaved] = useState<{ count: number; cut: boolean } | null>(null);
  const after = useRef(0);
  const turn = useRef(0); // of what is asked for
  useEffect(() => () => { turn.current += 1; }, []);

  const take = async (what: Wanted, fresh: boolean) => {
    if (fresh) after.current = 0, turn.current += 1;
    const mine = turn.current;
    const one = await page(what, after.current, PAGE);
    if (mine !== turn.current) return; // something else is wanted by now
    after.current = one.next;
    setLines((was) => (fresh ? one.lines : [...was, ...one.lines]).slice(-SHOWN_MOST));
    setMore(one.lines.length > 0);
    setAsked(what);
  };
  const search = () => { setLive(false), setSaved(null); void desk.run(() => take(wanted, true)); };
  const next = () => void desk.run(() => take(asked ?? wanted, false));
  const tail = (on: boolean) => {
    setLive(false), setSaved(null);
    if (!on) return;
    void desk.run(async () => {
      await take({ ...wanted, from: new Date(Date.now() - LOOK_BACK_MS).toISOString(), to: '' }, true);
      setLive(true);
    });
  };
  const takeAway = () => void desk.run(async () => {
    const { lines: all, cut } = await whole((from) => page(wanted, from, EXPORT_PAGE), EXPORT_MOST);
    download(all);
    setSaved({ count: all.length, cut });
  });
  useEffect(() => { // what comes next, for as long as that is wanted; nobody hears of it unless it fails
    if (!live || !asked || view.busy) return undefined;
    const timer = setTimeout(() => {
      take(asked, false).catch(() => {
        setLive(false);
        next();
      });
    }, more ? 0 : BEAT_MS);
    return () => clearTimeout(timer);
  }, [live, asked, lines, view.busy]);

  const shown = lines.filter((line) => holds(line, part));
  return (
    <Screen heading={say('tab.audit')}>
      <p class="lead">{say('audit.lead')}</p>
      <Form onSubmit={search}>
        <div class="actions">
          <Field label={say('audit.activity')} value={wanted.activity} onValue={(activity) => setWanted({ ...wanted, activity })} name="activity" list="activities" autocomplete="off" spellcheck={false} maxLength={64} />
          <Field label={say('audit.correlation_id')} value={wanted.correlation_id} onValue={(correlation_id) => setWanted({ ...wanted, correlation_id })} name="correlation_id" autocomplete="off" spellcheck={false} maxLength={128} />
          <Field label={say('audit.target')} value={wanted.target} onValue={(target) => setWanted({ ...wanted, target })} name="target" autocomplete="off" spellcheck={false} maxLength={128} />
          <Field label={`${say('audit.from')} (${zone()})`} value={wanted.from} onValue={(from) => setWanted({ ...wanted, from })} name="from" type="datetime-local" />
          <Field label={`${say('audit.to')} (${zone()})`} value={wanted.to} onValue={(to) => setWanted({ ...wanted, to })} name="to" type="datetime-local" />
        </div>
        <datalist id="activities">{[...new Set(lines.map(({ row }) => row.activity))].map((one) => <option key={one} value={one} />)}</datalist>
        <div class="actions">
          <button type="submit" class="main" data-do="search">{say('audit.search')}</button>
          <button type="button" class="second" data-do="export" onClick={takeAway}>{say('audit.export')}</button>
          <Tick label={say('audit.live')} on={live} onChange={tail} />
        </div>
      </Form>
      <Field label={say('audit.part')} value={part} onValue={setPart} name="part" autocomplete="off" spellcheck={false} maxLength={128} />
      <div role="status">{saved ? <p data-saved={saved.count} data-cut={saved.cut}>{say('audit.saved', { count: saved.count })} {saved.cut && <strong>{say('audit.cut')}</strong>}</p> : asked && !live && <p>{say('audit.found', { count: shown.length })}</p>}</div>
      <ol class="list" id="lines">{(live ? [...shown].reverse() : shown).map((line) => <Shown key={line.row.seq} line={line} />)}</ol>
      {asked && !live && more && <button type="button" class="second" data-do="more" onClick={next}>{say('more')}</button>}
    </Screen>
  );
}

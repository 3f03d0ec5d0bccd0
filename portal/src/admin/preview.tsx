// Who would lose and gain access, before the settings are saved.
import { useEffect, useRef } from 'preact/hooks';
import { day } from '../words';
import { told, useAdmin, useFocusKept } from './scene';
import type { Concerned, DryRun } from './settings';

function Named({ kind, people, all }: { kind: 'loses' | 'gains'; people: Concerned[]; all: number }) {
  const { say, language } = useAdmin();
  if (all === 0) return null;
  return (
    <>
      <h3>{say(`preview.${kind}`, { count: all })}</h3>
      <ul data-list={kind}>
        {people.map(({ sub, name, reason, seen }) => <li key={sub}><bdi>{name || sub}</bdi>{reason && reason !== 'none' && `: ${told(say, 'reason', reason)}`} <span class="hint">{say('preview.seen', { date: day(language, seen) })}</span></li>)}
        {all > people.length && <li>{say('preview.more', { count: all - people.length })}</li>}
      </ul>
    </>
  );
}

const LONG = 200;
const short = (value: string) => (value.length > LONG ? `${value.slice(0, LONG)}…` : value); // a logo is a picture in letters

export function Preview({ dry, onSave, onBack }: { dry: DryRun; onSave: () => void; onBack: () => void }) {
  const { say } = useAdmin();
  const at = useRef<HTMLHeadingElement>(null);
  const whole = useRef<HTMLElement>(null), next = useRef('');
  useEffect(() => at.current?.focus(), []);
  useFocusKept(whole, next);
  return (
    <section ref={whole} class="part" id="preview" data-losing={dry.losing}>
      <h2 ref={at} tabIndex={-1}>{say('preview.heading')}</h2>
      <ul>
        {dry.changes.map(({ setting, old_value: from, new_value: to }) => (
          <li key={setting} data-change={setting}>{told(say, 'setting', setting)}: <code dir="auto">{short(from)}</code> → <code dir="auto">{short(to)}</code></li>
        ))}
      </ul>
      <p>{say('preview.counts', { now: dry.now, then: dry.then })}</p>
      {dry.losing === 0 && <p class="good">{say('preview.nobody')}</p>}
      <Named kind="loses" people={dry.loses} all={dry.losing} />
      <Named kind="gains" people={dry.gains} all={dry.gaining} />
      <button type="button" class="main" data-do="save" onClick={onSave}>{say('preview.save')}</button>
      <button type="button" class="plain" data-do="edit" onClick={() => { next.current = '[data-do=check]'; onBack(); }}>{say('preview.back')}</button>
    </section>
  );
}

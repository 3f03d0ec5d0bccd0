// What an agent's doctor found, with what it means and the command that mends it: for whoever works at the agent's host, in English as there.
import { moment } from '../../words';
import { useAdmin } from '../scene';
import type { Finding, Findings } from './agents';

/** `like this` in the texts of the doctor is what is typed. */
function Technical({ text }: { text: string }) {
  return <span lang="en" dir="ltr">{text.split('`').map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part))}</span>;
}

function Trouble({ one: { result, code, subject, meaning, remedy } }: { one: Finding }) {
  const { say } = useAdmin();
  return (
    <li data-finding={code} data-result={result}>
      <p class={result === 'fail' ? 'error' : undefined}><strong>{say(`finding.${result as 'fail' | 'warn'}`)}</strong> <code dir="ltr">{code}</code>{subject && <> <bdi>{subject}</bdi></>}</p>
      {meaning && <p>{say('finding.means')} <Technical text={meaning} /></p>}
      {remedy && <p class="hint">{say('finding.mend')} <Technical text={remedy} /></p>}
    </li>
  );
}

export function Found({ findings: { at, list } }: { findings: Findings }) {
  const { say, language } = useAdmin();
  const troubles = list.filter(({ result }) => result === 'fail' || result === 'warn');
  const failed = troubles.filter(({ result }) => result === 'fail').length;
  const summary = troubles.length === 0 ? say('finding.none') : say('finding.some', { count: troubles.length });
  return (
    <details data-findings={troubles.length} open={failed > 0}>
      <summary>{summary} {say('finding.at', { time: moment(language, at) })}</summary>
      {troubles.length === 0
        ? <p class="hint">{say('finding.doctor')} <code dir="ltr">writeback-agent check</code></p>
        : <ul>{troubles.map((one) => <Trouble key={`${one.code} ${one.subject}`} one={one} />)}</ul>}
    </details>
  );
}

// What an organisation asks of a password, ticked off while somebody types.
import { hints, namesIn } from './rules';
import type { AskedFor } from './pins';
import type { Say } from './words';

/** What is surely refused. */
export const unmet = (password: string, name: string, asked: AskedFor) => hints(password, asked.answer.policy, namesIn(name, asked.answer.display_name)).some(({ met, binding }) => binding && !met);

export function Rules({ id, asked, password, name, say }: { id: string; asked: AskedFor; password: string; name: string; say: Say }) {
  const { policy, display_name: display } = asked.answer;
  return (
    <div id={id} class="rules">
      <p>{say('password.rules')}</p>
      <ul>
        {hints(password, policy, namesIn(name, display)).map(({ rule, met }) => (
          <li key={rule} data-rule={rule} class={met ? 'met' : 'open'}>
            <span aria-hidden="true">{met ? '✓' : '○'}</span> {say(`rule.${rule}`, { count: Math.max(1, policy.min_length) })}
            <span class="unseen"> ({say(met ? 'rule.met' : 'rule.open')})</span>
          </li>
        ))}
        {asked.history_enforced && policy.history > 0 && <li data-rule="history"><span aria-hidden="true">·</span> {say('rule.history', { count: policy.history })}</li>}
        <li data-rule="banned"><span aria-hidden="true">·</span> {say('rule.banned')}</li>
      </ul>
    </div>
  );
}

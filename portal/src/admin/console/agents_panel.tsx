// Agents: who is enrolled, connected and ready, or why not; a token for another one; and cutting one off.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { call, Problem } from '../../api';
import { Screen } from '../../parts';
import { day, moment, seconds } from '../../words';
import { useAdmin, useFirstLook, useUnsaved } from '../scene';
import { standing, why, type Agent, type Agents, type Controller, type RevocationReason, type Token } from './agents';
import { Drain } from './drain';
import { Enrol } from './enrol';
import { Found } from './findings';
import { Revoke } from './revoke';

function Fact({ name, label, children }: { name: string; label: string; children: ComponentChildren }) {
  return <><dt>{label}</dt><dd data-fact={name}>{children}</dd></>;
}

function Standing({ agent }: { agent: Agent }) {
  const { say } = useAdmin();
  const how = standing(agent), { connected } = agent;
  const word = connected && how === 'not_ready' ? why(agent, connected) : null;
  return (
    <>
      <p class={how === 'ready' ? 'good' : how === 'not_ready' ? 'error' : undefined} data-standing={how} data-why={word ?? undefined}>
        <span aria-hidden="true">{how === 'ready' ? '✓ ' : how === 'not_ready' ? '! ' : '– '}</span>
        {word ? `${say('agent.not_ready')} ${say(`why.${word}`)}` : say(`agent.${how}`)}
      </p>
      {word && connected!.reason && <p class="hint">{say('agent.says')} <code dir="ltr">{connected!.reason}</code></p>}
      {connected?.suspected && <p class="hint">{say('agent.suspected')}</p>}
      {how === 'drained' && !connected && <p class="hint">{say('agent.away')}</p>}
      {agent.state === 'pending' && word !== 'not_approved' && <p class="hint">{say('agent.pending')}</p>}
    </>
  );
}

function Written({ controllers }: { controllers: Controller[] }) {
  const { say, language } = useAdmin();
  return <>{controllers.map(({ dc, written, mean_ms: mean, last }) => <div key={dc} data-dc={dc}>{say('agent.dc', { dc, count: written, seconds: seconds(language, mean), time: moment(language, last) })}</div>)}</>;
}

function Facts({ agent }: { agent: Agent }) {
  const { say, language } = useAdmin();
  const { connected, controllers } = agent;
  const until = connected?.statement_until;
  return (
    <dl>
      {connected && <Fact name="since" label={say('agent.since')}>{moment(language, connected.since)}</Fact>}
      {connected && <Fact name="version" label={say('agent.version')}><bdi>{connected.software || '–'}</bdi></Fact>}
      {connected && <Fact name="dc" label={say('agent.controller')}><bdi>{connected.dc || '–'}</bdi></Fact>}
      {connected && <Fact name="jobs" label={say('agent.jobs')}>{say('agent.jobs.of', { held: connected.held, window: connected.window })}</Fact>}
      <Fact name="last" label={say('agent.last')}>{controllers[0] ? moment(language, controllers[0].last) : say('agent.last.none')}</Fact>
      {controllers.length > 0 && <Fact name="written" label={say('agent.written')}><Written controllers={controllers} /></Fact>}
      <Fact name="enrolled" label={say('agent.enrolled')}>{day(language, agent.enrolled)}</Fact>
      <Fact name="key-since" label={say('agent.key_since')}>{day(language, agent.key_since)}</Fact>
      {connected && <Fact name="keys" label={say('agent.keys')}>{until ? say('agent.keys.until', { time: moment(language, until) }) : say('agent.keys.none')}</Fact>}
      <Fact name="fingerprint" label={say('agent.fingerprint')}><code dir="ltr">{agent.fingerprint}</code></Fact>
      {agent.next_fingerprint && <Fact name="next" label={say('agent.next')}><code dir="ltr">{agent.next_fingerprint}</code></Fact>}
      <Fact name="id" label={say('agent.id')}><code dir="ltr">{agent.id}</code></Fact>
    </dl>
  );
}

export function AgentsPanel() {
  const { desk, say, language } = useAdmin();
  const [all, setAll] = useState<Agents | null>(null);
  const [token, setToken] = useState<Token | null>(() => desk.held<Token>('agents') ?? null);
  const [news, setNews] = useState<{ what: 'revoke' | 'drain' | 'resume'; host: string } | null>(null);
  const [last, setLast] = useState<string | null>(null); // whose draining would leave nobody
  const look = () => { setNews(null); setLast(null); void desk.run(async () => setAll(await call<Agents>('GET', 'agents'))); };
  useFirstLook(look);
  useUnsaved('agents', token);
  if (!all) return <Screen heading={say('tab.agents')}><button type="button" class="second" onClick={look}>{say('retry')}</button></Screen>;

  const enrol = () => { setNews(null); void desk.run(async () => setToken(await call<Token>('POST', 'agents/tokens')), 'answer'); };
  const enrolled = () => {
    setToken(null);
    document.querySelector<HTMLElement>('[data-do=enrol]')?.focus();
  };
  const act = (what: 'revoke' | 'drain' | 'resume', { id, host }: Agent, body: { reason?: RevocationReason; force?: boolean } = {}) => void desk.run(async () => {
    setNews(null);
    setLast(null);
    try {
      await call<Agent>('POST', `agents/${id}/${what}`, body);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'last_ready_agent') throw error;
      return setLast(id);
    }
    setNews({ what, host: host || id });
    setAll(await call<Agents>('GET', 'agents'));
  }, 'answer');
  const { roster } = all;
  return (
    <Screen heading={say('tab.agents')}>
      <p class="lead" data-ready={all.ready_agents}>{say('agents.ready', { count: all.ready_agents, domain: all.domain })}</p>
      {roster
        ? <p class="hint" id="roster">{say('agents.roster', { number: roster.rsn, since: moment(language, roster.issued), until: moment(language, roster.expires) })} {say('agents.root')} <code dir="ltr">{roster.root}</code></p>
        : <p id="roster">{say('agents.no_roster')} <code dir="ltr">writeback-agent domain init --domain {all.domain}</code></p>}
      <div class="actions">
        <button type="button" class="second" data-do="enrol" onClick={enrol}>{say('enrol')}</button>
        <button type="button" class="second" data-do="look" onClick={look}>{say('console.look')}</button>
      </div>
      <div role="status">{news && <p class="good" data-news={news.what}>{say(`${news.what}.done`, { host: news.host })}</p>}</div>
      {all.agents.length === 0 && <p>{say('agents.none')}</p>}
      <ul class="list" id="agents">
        {all.agents.map((agent) => (
          <li key={agent.id} data-agent={agent.id} data-state={agent.state}>
            <h2><bdi>{agent.host || agent.id}</bdi></h2>
            <Standing agent={agent} />
            <Facts agent={agent} />
            {agent.connected?.findings && <Found findings={agent.connected.findings} />}
            {agent.state !== 'revoked' && (
              <div class="actions">
                <Drain agent={agent} domain={all.domain} last={last === agent.id} onDrain={(force) => act('drain', agent, force ? { force } : {})} onResume={() => act('resume', agent)} onNo={() => setLast(null)} />
                <Revoke host={agent.host || agent.id} onYes={(reason) => act('revoke', agent, reason ? { reason } : {})} />
              </div>
            )}
          </li>
        ))}
      </ul>
      {token && <Enrol token={token} onClose={enrolled} />}
    </Screen>
  );
}

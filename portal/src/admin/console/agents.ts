// An organisation's agents (docs/openapi.json, Agents): what is shown of them, and in which words. Pure.
export interface Controller {
  dc: string;
  written: number;
  mean_ms: number;
  last: number;
}
export interface Finding {
  result: 'fail' | 'warn' | 'pass' | 'skip';
  code: string;
  subject: string; // a server, or empty
  meaning: string; // in English; empty of a code that the service does not know
  remedy: string;
}
export interface Findings {
  at: number;
  list: Finding[]; // the worst first
}
export interface Connected {
  since: number;
  heard_s: number;
  software: string;
  ready: boolean;
  reason: string;
  dc: string;
  draining: boolean;
  suspected: boolean;
  window: number;
  held: number;
  findings: Findings | null;
  statement_until: number | null;
}
export interface Agent {
  id: string;
  host: string;
  state: 'active' | 'pending' | 'revoked';
  drained: boolean; // it gets no new jobs
  fingerprint: string;
  next_fingerprint: string | null;
  enrolled: number;
  key_since: number;
  controllers: Controller[]; // the one that was written to last first
  connected: Connected | null;
}
export interface Agents {
  domain: string;
  now: number;
  ready_agents: number;
  roster: { rsn: number; issued: number; expires: number; root: string } | null;
  agents: Agent[];
}
export interface Token {
  token: string;
  expires: number;
  service: string;
}

export const REVOCATION_REASONS = ['compromised', 'lost', 'replaced', 'retired'] as const;
export type RevocationReason = (typeof REVOCATION_REASONS)[number];

const WORDS = ['clock_skew', 'journal', 'draining', 'foreign_key', 'not_approved', 'roster_expired', 'service_keys_expired'] as const;
const BEGINNINGS = [
  ['ldap.starttls', 'tls'], ['ldap.', 'directory'], ['dc_', 'directory'], ['kerberos.clock', 'clock_skew'], ['kerberos.', 'kerberos'],
  ['password rules', 'rules'], ['jobs left open', 'settling'], ['the limit of writes', 'volume'],
] as const;
export type Why = (typeof WORDS)[number] | (typeof BEGINNINGS)[number][1] | 'keys' | 'other';

/** Why a connected agent takes no jobs, in a word of ours: it says one of its own, or what its directory said (docs/OPERATIONS.md, "What directory.not_ready says"). */
export function why(agent: Pick<Agent, 'state'>, { reason, draining, statement_until }: Pick<Connected, 'reason' | 'draining' | 'statement_until'>): Why {
  if (draining) return 'draining';
  const word = WORDS.find((one) => one === reason) ?? BEGINNINGS.find(([beginning]) => reason.startsWith(beginning))?.[1];
  if (word) return word;
  if (agent.state === 'pending') return 'not_approved';
  return reason === '' && statement_until === null ? 'keys' : 'other';
}

export type Standing = 'ready' | 'not_ready' | 'drained' | 'away' | 'revoked';
export const standing = ({ state, drained, connected }: Agent): Standing => (state === 'revoked' ? 'revoked' : drained ? 'drained' : connected === null ? 'away' : connected.ready ? 'ready' : 'not_ready');

/** As a shell takes it, whatever stands in it. */
const quoted = (text: string) => (/^[\w.:/@-]+$/.test(text) ? text : `'${text.replaceAll('\'', '\'\\\'\'')}'`);
/** For root on the agent's host (docs/INSTALL.md): the token goes through a file, which only the agent may read and which does not stay. */
export const commands = ({ token, service }: Pick<Token, 'token' | 'service'>): string => [
  `printf '%s\\n' ${quoted(token)} | install -o writeback-agent -m 600 /dev/stdin /run/writeback-token`,
  `runuser -u writeback-agent -- writeback-agent enroll --service ${quoted(service)} --token-file /run/writeback-token`,
  'rm /run/writeback-token',
].join('\n');

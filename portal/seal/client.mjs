// A client of the writeback API (docs/PROTOCOL.md section 7) for automation and tests; scripts/reset is its skin.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { webcrypto } from 'node:crypto';
import { SealError, checkPassword, sealFor } from './seal.mjs';

globalThis.crypto ??= webcrypto; // Node 18 has it, but not under its global name

export const EXIT = { done: 0, refused: 1, usage: 2, unknown: 3 };
const DONE = ['applied', 'applied_but', 'ok'];
const REFUSED = ['rejected', 'denied', 'failed', 'superseded', 'invalid'];
const ANSWER_BYTES_MAX = 1 << 20;
const TIMEOUT_MS_MAX = 130_000;
const RETRY_MS = 500;
const POLL_MS_MIN = 100;
const WAIT_MS_MAX = 25_000;
const TRIES_MAX = 3;
const NEW_PASSWORD = 'No answer in time; the new password may already work: try it.';
const NO_ANSWER = {
  reset: NEW_PASSWORD, change: NEW_PASSWORD, unlock: 'No answer in time; the account may already be unlocked: try to sign in.',
  authenticate: 'No answer in time; it is not known whether the password is right.',
};

class ApiError extends Error {
  constructor(code, message, status = 0) { super(message); this.code = code; this.status = status; }
}

/** One keep-alive connection with the credential on it. */
export class Api {
  constructor(credential, ca) {
    this.credential = credential;
    this.agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca, minVersion: 'TLSv1.3' });
  }
  close() { this.agent.destroy(); }

  /** @returns {Promise<object>} the answer; ApiError for everything else, `unreachable` where none came within timeoutMs */
  call(path, body, timeoutMs = 15_000) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const { url, id, secret } = this.credential;
    return new Promise((resolve, reject) => {
      const unreachable = (error) => reject(new ApiError('unreachable', error.name === 'AbortError' ? `no answer within ${timeoutMs} ms` : error.message));
      const request = https.request(url.replace(/\/+$/, '') + path, {
        method: text === undefined ? 'GET' : 'POST', agent: this.agent, signal: AbortSignal.timeout(Math.max(1, timeoutMs)),
        headers: { authorization: `Bearer wbc1.${id}.${secret}`, ...(text && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }) },
      }, (response) => {
        let size = 0;
        const chunks = [];
        response.on('data', (chunk) => { size += chunk.length; if (size > ANSWER_BYTES_MAX) request.destroy(new Error('answer too large')); else chunks.push(chunk); });
        response.on('error', unreachable);
        response.on('end', () => {
          try { resolve(answerOf(response.statusCode, Buffer.concat(chunks).toString())); } catch (error) { reject(error); }
        });
      });
      request.on('error', unreachable);
      request.end(text);
    });
  }
}

function answerOf(status, text) {
  let answer;
  try { answer = JSON.parse(text); } catch { answer = null; }
  if (answer === null || typeof answer !== 'object') throw new ApiError('unreachable', `HTTP ${status} without JSON`, status);
  if (status >= 400) throw new ApiError(answer.error?.code ?? 'unavailable', answer.error?.message ?? `HTTP ${status}`, status);
  return answer;
}

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

/**
 * Asks again while no answer comes: for calls that may be repeated. A service that restarts answers the next time.
 * Throws the last error when the deadline is here.
 */
async function insist(deadline, ask) {
  for (;;) {
    try { return await ask(); } catch (error) {
      const passing = error instanceof ApiError && (error.code === 'unreachable' || error.status === 503);
      if (!passing || Date.now() + RETRY_MS >= deadline) throw error;
      await pause(RETRY_MS);
    }
  }
}

/** Final, or its caller is told that it is in doubt: the service goes on to settle it without us. */
const told = ({ state }) => state === 'final' || state === 'resolving';

/** From the submit on it may happen whatever we hear: no error of ours may say that it did not. */
async function follow(api, jti, job, op, deadline) {
  let seen = job;
  try {
    while (!told(seen)) {
      const left = deadline - Date.now();
      if (left <= 0) throw new ApiError('deadline', NO_ANSWER[op]);
      const wait = Math.min(WAIT_MS_MAX, left);
      const asked = Date.now();
      seen = await insist(deadline, () => api.call(`/api/v1/jobs/${jti}?wait_ms=${wait}`, undefined, wait + 5_000));
      if (!told(seen) && Date.now() - asked < POLL_MS_MIN) await pause(POLL_MS_MIN); // a service that does not wait
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { ...seen, outcome: 'unknown', reason: error.code, text: NO_ANSWER[op] };
  }
  return { correlation_id: job.correlation_id, ...seen };
}

/** Probe and seal: {body} of the submit (and the jti sealed into it), or {refused}, the probe's own outcome. */
async function prepare(api, user, { op, password, old, options }, left) {
  const { dr, tenant, domain } = api.credential;
  const probing = () => api.call('/api/v1/probes', { name: user }, left());
  if (op === 'unlock') { // no password, no keys to seal to
    const probe = await probing();
    return probe.outcome === 'ok' ? { body: { probe: probe.probe, op } } : { refused: probe };
  }
  const [keys, probe] = await Promise.all([api.call('/api/v1/keys', undefined, left()), probing()]);
  if (probe.outcome !== 'ok') return { refused: probe };
  const { jti, sealed } = await sealFor(keys, probe.answer, password, { pin: dr, tenant, domain, op, old });
  return { body: { probe: probe.probe, op, sealed, opts: options }, jti };
}

/** Probe, seal, submit, follow: once. Returns the outcome's members. */
async function attempt(api, user, order, deadline) {
  const { body, jti, refused } = await prepare(api, user, order, () => Math.min(15_000, deadline - Date.now()));
  if (refused) return refused;
  const { op } = order;
  let sent = 0;
  let job;
  const submit = () => { // answered with the outcome when that comes in time; the same again: the same answer
    sent += 1;
    const wait = Math.min(WAIT_MS_MAX, Math.max(0, deadline - Date.now() - RETRY_MS));
    return api.call(`/api/v1/jobs?wait_ms=${wait}`, body, Math.min(wait + 5_000, deadline - Date.now()));
  };
  try {
    job = await insist(deadline, submit);
  } catch (error) {
    // Refused outright: not taken. Refused after a try without an answer, or never answered: nobody knows.
    if (!(error instanceof ApiError) || (sent === 1 && !['unreachable', 'unavailable'].includes(error.code))) throw error;
    return { outcome: 'unknown', reason: error.code, text: NO_ANSWER[op] };
  }
  return follow(api, jti ?? job.jti, job, op, deadline);
}

/** Nothing was written and nothing will be: the same again, from its probe on, can't do it twice. */
const mayAgain = ({ outcome, reason }) => outcome === 'reprobe' || (outcome === 'failed' && reason === 'void');

/** What the person is told about something that never became a job. */
function outcomeOf(error) {
  const { code, message: text } = error;
  if (error instanceof SealError && ['empty', 'too_long', 'not_unicode'].includes(code)) return { outcome: 'rejected', reason: code, text };
  if (error instanceof ApiError && (code === 'bad_request' || code === 'too_large')) return { outcome: 'invalid', reason: code, text };
  if (error instanceof SealError || error instanceof ApiError) return { outcome: code === 'busy' ? 'busy' : 'unavailable', reason: code, text };
  return { outcome: 'unavailable', reason: 'malformed', text: `an answer we can't read (${error.name})` }; // the names of members are theirs
}

/**
 * One job for one person, from its probe to its outcome.
 * @param {{op: string, password?: string, old?: string, options?: object}} order `op`: reset, change (`password` is the new one), authenticate, unlock
 * @returns {Promise<{line: object, code: number}>} what scripts/reset prints, and its exit code
 */
export async function ask(credential, ca, user, order, timeoutMs = TIMEOUT_MS_MAX) {
  const start = Date.now();
  const deadline = start + Math.min(timeoutMs, TIMEOUT_MS_MAX);
  const api = new Api(credential, ca);
  let outcome;
  try {
    for (const password of [order.password, order.old]) if (password !== undefined) checkPassword(password);
    for (let tries = 1; ; tries += 1) {
      const last = () => tries === TRIES_MAX || Date.now() >= deadline;
      try {
        outcome = await attempt(api, user, order, deadline);
      } catch (error) {
        // conflict, gone: between the two calls the probe went stale, or the roster changed
        if (error instanceof ApiError && ['conflict', 'gone'].includes(error.code) && !last()) continue;
        // A roster that is seconds old: the agents are stating their keys for it.
        if (!(error instanceof SealError && ['no_agents', 'statement_rsn'].includes(error.code)) || last()) throw error;
        await pause(RETRY_MS);
        continue;
      }
      if (!mayAgain(outcome) || last()) break;
    }
  } catch (error) {
    outcome = outcomeOf(error);
  } finally {
    api.close();
  }
  const { outcome: name = 'unknown', reason = null, text = null, retry_after = null, agent = null, dc = null, attempts = 0, correlation_id = null } = outcome;
  const line = { outcome: name, reason, text, retry_after, agent, dc: dc || null, attempts, duration_ms: Date.now() - start, correlation_id: correlation_id ?? outcome.probe ?? null };
  const code = DONE.includes(name) ? EXIT.done : REFUSED.includes(name) ? EXIT.refused : EXIT.unknown;
  return { line, code };
}

const USAGE = `usage: scripts/reset USER [--unlock] [--must-change] [--timeout-ms N] < password
       scripts/reset USER --change [--timeout-ms N]       < two lines: the old password, the new one
       scripts/reset USER --authenticate [--timeout-ms N] < password
       scripts/reset USER --unlock-only [--timeout-ms N]
Resets USER's password to what standard input holds (one newline at the end is not part of it), changes it as
USER would, tells whether it is USER's password (nothing is written), or ends a lock and leaves the password.
USER: UPN, sAMAccountName, DOMAIN\\user, mail or objectGUID. WB_CLIENT_FILE: the credential of
reset-service client create; WB_CA_FILE: the CA of the service's certificate (else the system's).
Prints one line of JSON. Exit code 0 done (applied; the password is right), 1 refused, 2 usage, 3 unknown or unavailable.`;

const OPERATIONS = { '--change': 'change', '--authenticate': 'authenticate', '--unlock-only': 'unlock' };

function parseArguments(args) {
  const parsed = { op: 'reset', options: {}, timeoutMs: TIMEOUT_MS_MAX };
  for (let i = 0; i < args.length; i += 1) {
    if (args[i] === '--unlock') parsed.options.unlock = true;
    else if (args[i] === '--must-change') parsed.options.must_change = true;
    else if (Object.hasOwn(OPERATIONS, args[i]) && parsed.op === 'reset') parsed.op = OPERATIONS[args[i]];
    else if (args[i] === '--timeout-ms' && /^\d{1,7}$/.test(args[i + 1] ?? '')) parsed.timeoutMs = Number(args[i += 1]);
    else if (!args[i].startsWith('--') && parsed.user === undefined) parsed.user = args[i];
    else throw new Error(`unexpected ${args[i]}`);
  }
  if (!parsed.user) throw new Error('no USER');
  if (parsed.op !== 'reset' && Object.keys(parsed.options).length > 0) throw new Error('--unlock and --must-change belong to a reset');
  return parsed;
}

/** Its line without the line break: "\n" or "\r\n". */
const lineEnd = (bytes, at) => (at > 0 && bytes[at - 1] === 13 ? at - 1 : at);

/** What standard input holds for this operation: {password, old?}. A change whose input is one line is a mistake of the caller. */
function readPasswords(op) {
  if (op === 'unlock') return {};
  const decode = (part) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(part);
  const bytes = readFileSync(0);
  const end = bytes.at(-1) === 10 ? lineEnd(bytes, bytes.length - 1) : bytes.length;
  if (op !== 'change') return { password: decode(bytes.subarray(0, end)) };
  const first = bytes.indexOf(10);
  if (first < 0) throw new RangeError('--change: expected two lines, the old password and the new one');
  return { old: decode(bytes.subarray(0, lineEnd(bytes, first))), password: decode(bytes.subarray(first + 1, Math.max(end, first + 1))) };
}

export async function main(args, environment) {
  const usage = (message) => { console.error(`reset: ${message}\n${USAGE}`); return EXIT.usage; };
  if (args.includes('--help')) { console.log(USAGE); return EXIT.done; }
  let parsed, credential, ca;
  try { parsed = parseArguments(args); } catch (error) { return usage(error.message); }
  try {
    credential = JSON.parse(readFileSync(environment.WB_CLIENT_FILE ?? '', 'utf8'));
    for (const name of ['url', 'id', 'secret', 'domain', 'tenant', 'dr']) if (typeof credential[name] !== 'string') throw new Error(`no ${name}`);
    if (new URL(credential.url).protocol !== 'https:') throw new Error('url: expected https://');
    ca = environment.WB_CA_FILE ? readFileSync(environment.WB_CA_FILE) : undefined;
  } catch (error) { return usage(`WB_CLIENT_FILE or WB_CA_FILE: ${error.message}`); }
  const { user, op, options, timeoutMs } = parsed;
  let passwords;
  try { passwords = readPasswords(op); } catch (error) {
    if (error instanceof RangeError) return usage(error.message);
    console.log(JSON.stringify({ outcome: 'rejected', reason: 'not_unicode', text: 'The password is not valid UTF-8.', retry_after: null, agent: null, dc: null, attempts: 0, duration_ms: 0, correlation_id: null }));
    return EXIT.refused;
  }
  const { line, code } = await ask(credential, ca, user, { op, options, ...passwords }, timeoutMs);
  console.log(JSON.stringify(line));
  return code;
}

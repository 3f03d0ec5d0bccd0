// A client of the writeback API (docs/PROTOCOL.md section 7) for automation and tests; scripts/reset is its skin.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { webcrypto } from 'node:crypto';
import { SealError, sealFor } from './seal.mjs';

globalThis.crypto ??= webcrypto; // Node 18 has it, but not under its global name

export const EXIT = { applied: 0, refused: 1, usage: 2, unknown: 3 };
const REFUSED = ['rejected', 'denied', 'failed', 'superseded', 'invalid'];
const ANSWER_BYTES_MAX = 1 << 20;

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

  call(path, body, timeoutMs = 15_000) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const { url, id, secret } = this.credential;
    return new Promise((resolve, reject) => {
      const unreachable = (error) => reject(new ApiError('unreachable', error.message));
      const request = https.request(url + path, {
        method: text === undefined ? 'GET' : 'POST', agent: this.agent, timeout: timeoutMs,
        headers: { authorization: `Bearer wbc1.${id}.${secret}`, ...(text && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }) },
      }, (response) => {
        let size = 0;
        const chunks = [];
        response.on('data', (chunk) => { size += chunk.length; if (size > ANSWER_BYTES_MAX) request.destroy(new Error('answer too large')); else chunks.push(chunk); });
        response.on('error', unreachable);
        response.on('end', () => {
          let answer;
          try { answer = JSON.parse(Buffer.concat(chunks).toString()); } catch { return reject(new ApiError('unreachable', `HTTP ${response.statusCode} without JSON`)); }
          if (response.statusCode >= 400) return reject(new ApiError(answer.error?.code ?? 'unavailable', answer.error?.message ?? `HTTP ${response.statusCode}`, response.statusCode));
          return resolve(answer);
        });
      });
      request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      request.on('error', unreachable);
      request.end(text);
    });
  }
}

/** Probe, seal, submit, follow: once. Returns the outcome's members. */
async function attempt(api, user, password, options, deadline) {
  const { dr, tenant, domain } = api.credential;
  const [keys, probe] = await Promise.all([api.call('/api/v1/keys'), api.call('/api/v1/probes', { name: user })]);
  if (probe.outcome !== 'ok') return probe;
  const { jti, sealed } = await sealFor(keys, probe.answer, password, { pin: dr, tenant, domain });
  let job = await api.call('/api/v1/jobs', { probe: probe.probe, sealed, opts: options });
  const { correlation_id } = job;
  while (job.state !== 'final') {
    const left = deadline - Date.now();
    if (left <= 0) return { outcome: 'unknown', reason: 'deadline', text: 'No answer in time; the new password may already work: try it.', correlation_id };
    job = await api.call(`/api/v1/jobs/${jti}?wait_ms=${Math.min(30_000, left)}`, undefined, 45_000);
  }
  return { correlation_id, ...job };
}

/** Resets one password. @returns {Promise<{line: object, code: number}>} what scripts/reset prints, and its exit code */
export async function reset(credential, ca, user, password, { options = {}, timeoutMs = 130_000 } = {}) {
  const start = Date.now();
  const api = new Api(credential, ca);
  let outcome;
  try {
    for (let tries = 0; tries < 3; tries += 1) {
      try {
        outcome = await attempt(api, user, password, options, start + timeoutMs);
      } catch (error) {
        // "conflict" on submit: the probe went stale between the two calls
        if (error instanceof ApiError && error.code === 'conflict' && tries < 2) continue;
        throw error;
      }
      if (outcome.outcome !== 'reprobe') break;
    }
  } catch (error) {
    if (error instanceof SealError && ['empty', 'too_long', 'not_unicode'].includes(error.code)) outcome = { outcome: 'rejected', reason: error.code, text: error.message };
    else if (error instanceof SealError || error instanceof ApiError) outcome = { outcome: error.code === 'busy' ? 'busy' : 'unavailable', reason: error.code, text: error.message };
    else throw error;
  } finally {
    api.close();
  }
  const { outcome: name, reason = null, text = null, retry_after = null, agent = null, dc = null, attempts = 0, correlation_id = null } = outcome;
  const line = { outcome: name, reason, text, retry_after, agent, dc, attempts, duration_ms: Date.now() - start, correlation_id };
  const code = name === 'applied' || name === 'applied_but' ? EXIT.applied : REFUSED.includes(name) ? EXIT.refused : EXIT.unknown;
  return { line, code };
}

const USAGE = `usage: scripts/reset USER [--unlock] [--must-change] [--timeout-ms N] < password
Resets USER's password to what standard input holds (one newline at the end is not part of it).
USER: UPN, sAMAccountName, DOMAIN\\user, mail or objectGUID. WB_CLIENT_FILE: the credential of
reset-service client create; WB_CA_FILE: the CA of the service's certificate (else the system's).
Prints one line of JSON. Exit code 0 applied, 1 refused, 2 usage, 3 unknown or unavailable.`;

function parseArguments(args) {
  const parsed = { options: {}, timeoutMs: 130_000 };
  for (let i = 0; i < args.length; i += 1) {
    if (args[i] === '--unlock') parsed.options.unlock = true;
    else if (args[i] === '--must-change') parsed.options.must_change = true;
    else if (args[i] === '--timeout-ms' && /^\d{1,7}$/.test(args[i + 1] ?? '')) parsed.timeoutMs = Number(args[i += 1]);
    else if (!args[i].startsWith('--') && parsed.user === undefined) parsed.user = args[i];
    else throw new Error(`unexpected ${args[i]}`);
  }
  if (!parsed.user) throw new Error('no USER');
  return parsed;
}

function readPassword() {
  const bytes = readFileSync(0);
  const end = bytes.at(-1) === 10 ? bytes.length - (bytes.at(-2) === 13 ? 2 : 1) : bytes.length;
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, end));
}

export async function main(args, environment) {
  const usage = (message) => { console.error(`reset: ${message}\n${USAGE}`); return EXIT.usage; };
  if (args.includes('--help')) { console.log(USAGE); return EXIT.applied; }
  let parsed, credential, ca;
  try { parsed = parseArguments(args); } catch (error) { return usage(error.message); }
  try {
    credential = JSON.parse(readFileSync(environment.WB_CLIENT_FILE ?? '', 'utf8'));
    for (const name of ['url', 'id', 'secret', 'domain', 'tenant', 'dr']) if (typeof credential[name] !== 'string') throw new Error(`no ${name}`);
    ca = environment.WB_CA_FILE ? readFileSync(environment.WB_CA_FILE) : undefined;
  } catch (error) { return usage(`WB_CLIENT_FILE or WB_CA_FILE: ${error.message}`); }
  let password;
  try { password = readPassword(); } catch {
    console.log(JSON.stringify({ outcome: 'rejected', reason: 'not_unicode', text: 'The password is not valid UTF-8.', retry_after: null, agent: null, dc: null, attempts: 0, duration_ms: 0, correlation_id: null }));
    return EXIT.refused;
  }
  const { line, code } = await reset(credential, ca, parsed.user, password, parsed);
  console.log(JSON.stringify(line));
  return code;
}

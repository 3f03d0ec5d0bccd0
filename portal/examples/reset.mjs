#!/usr/bin/env node
// Resets one password through the writeback API, in the four steps that every portal takes (docs/QUICKSTART-API.md):
//   WB_CLIENT_FILE=client.json WB_CA_FILE=ca.pem node reset.mjs alice@corp.example < new-password
// A portal that may not lose a job takes portal/seal/client.mjs, which also tries again where that makes sense.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { webcrypto } from 'node:crypto';
import { checkPassword, sealFor } from '../seal/seal.mjs';

globalThis.crypto ??= webcrypto; // Node 18

// What `reset-service client create --out client.json` wrote: where, as whom, and the thumbprint of the domain root.
const { url, id, secret, tenant, domain, dr: pin } = JSON.parse(readFileSync(process.env.WB_CLIENT_FILE, 'utf8'));
const ca = process.env.WB_CA_FILE && readFileSync(process.env.WB_CA_FILE);

/** One request; an Error with the problem's `code` (RFC 9457) for every status that says no. */
function call(method, path, body, headers = {}) {
  const options = { method, ca, minVersion: 'TLSv1.3', signal: AbortSignal.timeout(40_000), headers: { authorization: `Bearer wbc1.${id}.${secret}`, ...headers } };
  if (body !== undefined) options.headers['content-type'] = 'application/json';
  return new Promise((resolve, reject) => {
    const request = https.request(url + path, options, async (response) => {
      try {
        let text = '';
        for await (const chunk of response.setEncoding('utf8')) if ((text += chunk).length > 1 << 20) throw new Error('the answer is too large');
        const answer = JSON.parse(text);
        if (response.statusCode >= 400) throw Object.assign(new Error(answer.detail), { code: answer.code });
        resolve(answer);
      } catch (error) { reject(error); }
    });
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function reset(user, password) {
  checkPassword(password);
  // 1. An agent looks at the account. What it saw is what the write will be conditional on.
  const probe = await call('POST', '/api/v1/probes', { name: user });
  if (probe.outcome !== 'ok') return probe;
  // 2. Whom to seal to: a roster that the domain root has signed (the pin, never what the service says), and the agents' keys.
  const keys = await call('GET', '/api/v1/keys');
  // 3. From here on only an agent of this domain can read the password.
  const { jti, sealed } = await sealFor(keys, probe.answer, password, { pin, tenant, domain, op: 'reset' });
  // 4. Submit. Under the same key the same request may be sent again: it is done once.
  const order = { probe: probe.probe, op: 'reset', sealed, opts: { unlock: true } };
  let job = await call('POST', '/api/v1/jobs?wait_ms=20000', order, { 'idempotency-key': jti });
  while (!['final', 'resolving'].includes(job.state)) job = await call('GET', `/api/v1/jobs/${jti}?wait_ms=20000`);
  return job;
}

const [user] = process.argv.slice(2);
if (!user) {
  console.error('usage: reset.mjs USER < new-password');
  process.exit(2);
}
try {
  const { outcome, reason, text } = await reset(user, readFileSync(0, 'utf8').replace(/\r?\n$/, ''));
  console.log(JSON.stringify({ outcome, reason, text }));
  process.exitCode = ['applied', 'applied_but'].includes(outcome) ? 0 : 1;
} catch (error) {
  console.error(`reset.mjs: ${error.code ?? error.name}: ${error.message}`);
  process.exitCode = 3;
}

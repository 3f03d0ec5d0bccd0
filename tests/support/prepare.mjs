// Prepares jobs for tests that want the submit in their own hands: probe, check, seal, and stop there.
// Reads lines {"id", "user", "password", "op"?, "old"?, "life_s"?} and answers each with {"id", "probe", "op", "jti", "sealed"}, or with
// {"id", "refused": {...}}. Credential and CA as for scripts/reset. Ends with its input.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { webcrypto } from 'node:crypto';
import { Api } from '../../portal/seal/client.mjs';
import { sealFor } from '../../portal/seal/seal.mjs';

globalThis.crypto ??= webcrypto;

const credential = JSON.parse(readFileSync(process.env.WB_CLIENT_FILE, 'utf8'));
const ca = readFileSync(process.env.WB_CA_FILE);

async function prepare({ user, password, op = 'reset', old, life_s: life = 120 }) {
  const api = new Api(credential, ca);
  try {
    const keys = await api.call('/api/v1/keys');
    const probe = await api.call('/api/v1/probes', { name: user });
    if (probe.outcome !== 'ok') return { refused: probe };
    // A job lives for 120 s from the time the probe says; one that shall live shorter says an earlier time.
    const answer = { ...probe.answer, now: probe.answer.now - (120 - life) };
    const { dr: pin, tenant, domain } = credential;
    const { jti, sealed } = await sealFor(keys, answer, password, { pin, tenant, domain, op, old });
    return { probe: probe.probe, op, jti, sealed, pre: probe.answer.pre };
  } catch (error) {
    return { refused: { outcome: 'unavailable', reason: error.code ?? error.name, text: error.message } };
  } finally {
    api.close();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  prepare(asked).then((answer) => console.log(JSON.stringify({ id: asked.id, ...answer })));
}

// What the interop tests share: keys as files, our side as a program, and the binding they all seal to.
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { base64url, thumbprint } from '../../portal/seal/seal.mjs';

export const folder = mkdtempSync(join(tmpdir(), 'wb-interop-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

export const binding = () => ({
  v: 1, jti: '01ARZ3NDEKTSV4RRFFQ69G5FAV', ten: 'default', dom: 'corp.example', sub: '9f0c6b5e-0000-4000-8000-000000000001', op: 'reset', iat: 1795176000, exp: 1795176120, rsn: 2,
  pre: { dc: 'dc1.corp.example', ver: 7, pls: '134396533468610800', mk: null }, nce: base64url(crypto.getRandomValues(new Uint8Array(16))),
});

let made = 0;
/** A P-256 key as a PEM file of ours, as a JWK and by its name. */
export async function newKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const file = join(folder, `${++made}.pem`);
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const secret = privateKey.export({ format: 'jwk' });
  const { kty, crv, x, y } = secret;
  const jwk = { kty, crv, x, y };
  return { file, secret, jwk, kid: await thumbprint(jwk) };
}

/** Runs a program; its output, or an Error with what it said. */
export function run(program, args, input) {
  const done = spawnSync(program, args, { input, encoding: 'utf8', timeout: 20_000 });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`${program} ${args[0]}: exit ${done.status}: ${done.stderr}`);
  return done.stdout;
}
/** crypto/ in C++. */
export const ours = (args, input = '') => run(join(process.env.WB_BIN ?? 'build/dev', 'jose_peer'), args, input);

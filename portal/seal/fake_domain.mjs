// For tests only: a domain with a root, agents and a roster, and the other half of sealing (opening).
import { webcrypto } from 'node:crypto';
import { base64url, fromBase64url, thumbprint } from './seal.mjs';

globalThis.crypto ??= webcrypto;
const { subtle } = webcrypto;
const utf8 = new TextEncoder();
export const NOW = 1_795_176_000;
export const PRE = { dc: 'dc1.corp.example', ver: 7, pls: '134396533468610800', mk: 'wb1;01ARZ3NDEKTSV4RRFFQ69G5FAV;1;A' };
export const ANSWER = { sub: '9f0c6b5e-0000-4000-8000-000000000001', pre: PRE, now: NOW };

async function keyPair(name, uses) {
  const pair = await subtle.generateKey({ name, namedCurve: 'P-256' }, true, uses);
  const { kty, crv, x, y } = await subtle.exportKey('jwk', pair.publicKey);
  const jwk = { kty, crv, x, y };
  return { ...pair, jwk, kid: await thumbprint(jwk) };
}
export const signingKey = () => keyPair('ECDSA', ['sign', 'verify']);
export const sealingKey = () => keyPair('ECDH', ['deriveBits']);

/** A compact JWS; `header` is merged over the contract's. */
export async function sign(key, typ, payload, { carry = false, header = {} } = {}) {
  const full = { alg: 'ES256', typ, kid: key.kid, ...(carry && { jwk: key.jwk }), ...header };
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const input = `${base64url(utf8.encode(JSON.stringify(full)))}.${base64url(utf8.encode(text))}`;
  return `${input}.${base64url(await subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key.privateKey, utf8.encode(input)))}`;
}

/** Two agents under one root. Every maker takes what shall be different from a good one. */
export async function makeDomain() {
  const root = await signingKey();
  const agents = [];
  for (const id of ['01ARZ3NDEKTSV4RRFFQ69G5FA1', '01ARZ3NDEKTSV4RRFFQ69G5FA2']) agents.push({ id, as: await signingKey(), ae: await sealingKey() });
  const roster = (changes = {}, key = root, options = {}) => sign(key, 'wb-roster+jws', {
    v: 1, ten: 'default', dom: 'corp.example', rsn: 5, iat: NOW - 60, exp: NOW + 86400, agents: agents.map(({ id, as }) => ({ id, as: as.jwk })), ...changes,
  }, { carry: true, ...options });
  const statement = (agent, changes = {}, key = agent.as, options = {}) => sign(key, 'wb-statement+jws', {
    v: 1, ten: 'default', dom: 'corp.example', agent: agent.id, rsn: 5, ae: [{ kid: agent.ae.kid, jwk: agent.ae.jwk }], iat: NOW - 60, exp: NOW + 3600, ...changes,
  }, options);
  const known = { pin: root.kid, tenant: 'default', domain: 'corp.example', clock: NOW };
  const keys = async (changes = {}) => ({ tenant: 'default', domain: 'corp.example', roster: await roster(), statements: await Promise.all(agents.map((a) => statement(a))), ready_agents: 2, now: NOW, ...changes });
  return { root, agents, roster, statement, known, keys };
}

/** Opens a sealed password as an agent would; written apart from seal.mjs so that one mistake is not made twice. */
export async function open(jwe, { kid, privateKey }) {
  const sealed = JSON.parse(jwe);
  const mine = sealed.recipients.find((r) => r.header.kid === kid);
  const epk = await subtle.importKey('jwk', mine.header.epk, { name: 'ECDH', namedCurve: 'P-256' }, false, []);
  const z = Buffer.from(await subtle.deriveBits({ name: 'ECDH', public: epk }, privateKey, 256));
  const info = Buffer.concat([Buffer.from([0, 0, 0, 14]), Buffer.from('ECDH-ES+A256KW'), Buffer.alloc(8), Buffer.from([0, 0, 1, 0])]);
  const kek = await subtle.importKey('raw', await subtle.digest('SHA-256', Buffer.concat([Buffer.from([0, 0, 0, 1]), z, info])), 'AES-KW', false, ['unwrapKey']);
  const key = await subtle.unwrapKey('raw', fromBase64url(mine.encrypted_key), kek, 'AES-KW', 'AES-GCM', false, ['decrypt']);
  const body = Buffer.concat([fromBase64url(sealed.ciphertext), fromBase64url(sealed.tag)]);
  const plain = await subtle.decrypt({ name: 'AES-GCM', iv: fromBase64url(sealed.iv), additionalData: utf8.encode(sealed.protected) }, key, body);
  return { header: JSON.parse(Buffer.from(fromBase64url(sealed.protected))), text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain) };
}

// node --test: who is believed, what is sealed, and that it opens again.
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { base64url, checkPassword, checkRoster, checkStatement, fromBase64url, sealFor, thumbprint } from './seal.mjs';

globalThis.crypto ??= webcrypto;
const { subtle } = globalThis.crypto;
const NOW = 1_795_176_000;
const bytes = (value) => new TextEncoder().encode(JSON.stringify(value));

async function pair(use) {
  const ec = use === 'sign' ? [{ name: 'ECDSA', namedCurve: 'P-256' }, ['sign', 'verify']] : [{ name: 'ECDH', namedCurve: 'P-256' }, ['deriveBits']];
  const { privateKey, publicKey } = await subtle.generateKey(ec[0], true, ec[1]);
  const { kty, crv, x, y } = await subtle.exportKey('jwk', publicKey);
  const jwk = { kty, crv, x, y };
  return { privateKey, jwk, kid: await thumbprint(jwk) };
}
async function sign(key, typ, payload, carry = false) {
  const header = { alg: 'ES256', typ, kid: key.kid, ...(carry && { jwk: key.jwk }) };
  const input = `${base64url(bytes(header))}.${base64url(bytes(payload))}`;
  return `${input}.${base64url(await subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key.privateKey, new TextEncoder().encode(input)))}`;
}

const dr = await pair('sign'), as = await pair('sign'), ae = await pair('agree'), stranger = await pair('sign');
const rosterOf = (more = {}) => ({ v: 1, ten: 'demo', dom: 'corp.example', rsn: 3, iat: NOW, exp: NOW + 86400, agents: [{ id: 'A', as: as.jwk }], ...more });
const statementOf = (more = {}) => ({ v: 1, ten: 'demo', dom: 'corp.example', agent: 'A', rsn: 3, ae: [{ kid: ae.kid, jwk: ae.jwk }], iat: NOW, exp: NOW + 3600, ...more });
const known = { pin: dr.kid, tenant: 'demo', domain: 'corp.example' };
const roster = (more, key = dr) => sign(key, 'wb-roster+jws', rosterOf(more), true);
const statement = (more, key = as) => sign(key, 'wb-statement+jws', statementOf(more));
const answer = { sub: '9f0c6b5e-0000-4000-8000-000000000001', now: NOW, pre: { dc: 'dc1', ver: 1, pls: '1', mk: null } };
const refusal = (code) => (error) => error.code === code || assert.fail(`${error.code}: ${error.message}`);

/** Opens as an agent would, with WebCrypto alone. */
async function open(jwe, key) {
  const { protected: header, recipients, iv, ciphertext, tag } = JSON.parse(jwe);
  const mine = recipients.find((recipient) => recipient.header.kid === key.kid);
  const epk = await subtle.importKey('jwk', mine.header.epk, { name: 'ECDH', namedCurve: 'P-256' }, false, []);
  const z = new Uint8Array(await subtle.deriveBits({ name: 'ECDH', public: epk }, key.privateKey, 256));
  const info = new Uint8Array([0, 0, 0, 14, ...new TextEncoder().encode('ECDH-ES+A256KW'), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
  const kek = await subtle.importKey('raw', await subtle.digest('SHA-256', new Uint8Array([0, 0, 0, 1, ...z, ...info])), 'AES-KW', false, ['unwrapKey']);
  const cek = await subtle.unwrapKey('raw', fromBase64url(mine.encrypted_key), kek, 'AES-KW', 'AES-GCM', false, ['decrypt']);
  const sealed = new Uint8Array([...fromBase64url(ciphertext), ...fromBase64url(tag)]);
  return new Uint8Array(await subtle.decrypt({ name: 'AES-GCM', iv: fromBase64url(iv), additionalData: new TextEncoder().encode(header) }, cek, sealed));
}

test('a sealed password opens for the agent and is bound to its job', async () => {
  const keys = { roster: await roster(), statements: [await statement()], now: NOW };
  const { jti, sealed } = await sealFor(keys, answer, 'Grüße-🔑"\\1', known);
  const plain = await open(sealed, ae);
  assert.equal(plain.length % 128, 0);
  assert.equal(JSON.parse(new TextDecoder().decode(plain)).pw, 'Grüße-🔑"\\1');
  const header = JSON.parse(new TextDecoder().decode(fromBase64url(JSON.parse(sealed).protected)));
  assert.deepEqual(Object.keys(header), ['alg', 'enc', 'typ', 'wb']);
  assert.deepEqual({ ...header.wb, nce: '' }, { v: 1, jti, ten: 'demo', dom: 'corp.example', sub: answer.sub, op: 'reset', iat: NOW, exp: NOW + 120, rsn: 3, pre: answer.pre, nce: '' });
});

test('the length of a password does not show', async () => {
  const keys = { roster: await roster(), statements: [await statement()], now: NOW };
  const size = async (password) => (await sealFor(keys, answer, password, known)).sealed.length;
  assert.equal(await size('a'), await size('a'.repeat(60)));
});

test('a roster is refused, with the reason, when it is not the one to believe', async () => {
  const check = async (text, more = {}) => checkRoster(await text, { ...known, now: NOW, ...more });
  assert.equal((await check(roster())).rsn, 3);
  await assert.rejects(check(roster({}, stranger)), refusal('foreign_root'));
  await assert.rejects(check(roster(), { leastRsn: 4 }), refusal('roster_older'));
  await assert.rejects(check(roster({ exp: NOW })), refusal('roster_expired'));
  await assert.rejects(check(roster({ iat: NOW + 3600, exp: NOW + 86400 })), refusal('roster_expired'));
  await assert.rejects(check(roster({ dom: 'other.example' })), refusal('roster_audience'));
  await assert.rejects(check(roster({ agents: [] })), refusal('malformed'));
  await assert.rejects(check(roster({ extra: 1 })), refusal('malformed'));
  const [header, , signature] = (await roster()).split('.');
  await assert.rejects(check(`${header}.${base64url(bytes(rosterOf({ rsn: 9 })))}.${signature}`), refusal('roster_signature'));
});

test('a statement is refused, with the reason, when its keys are not to be believed', async () => {
  const members = await checkRoster(await roster(), { ...known, now: NOW });
  const check = async (text) => checkStatement(await text, members, NOW);
  assert.equal((await check(statement())).ae[0].kid, ae.kid);
  await assert.rejects(check(statement({}, stranger)), refusal('statement_stranger'));
  await assert.rejects(check(statement({ rsn: 2 })), refusal('statement_rsn'));
  await assert.rejects(check(statement({ exp: NOW })), refusal('statement_expired'));
  await assert.rejects(check(statement({ agent: 'B' })), refusal('statement_audience'));
  await assert.rejects(check(statement({ ae: [{ kid: ae.kid, jwk: stranger.jwk }] })), refusal('malformed'), 'a swapped key');
});

test('an agent that is away is left out; a forged statement stops everything', async () => {
  const good = await statement();
  const keys = async (...statements) => ({ roster: await roster(), statements: await Promise.all(statements), now: NOW });
  const { sealed } = await sealFor(await keys(statement({ exp: NOW - 1 }), good), answer, 'pw', known);
  assert.equal(JSON.parse(sealed).recipients.length, 1);
  await assert.rejects(sealFor(await keys(statement({ exp: NOW - 1 })), answer, 'pw', known), refusal('statement_expired'));
  await assert.rejects(sealFor(await keys(), answer, 'pw', known), refusal('no_agents'));
  await assert.rejects(sealFor(await keys(good, statement({}, stranger)), answer, 'pw', known), refusal('statement_stranger'));
});

test('what is no password is refused before anything is sealed', () => {
  for (const [password, code] of [['', 'empty'], ['x'.repeat(257), 'too_long'], ['𝔸'.repeat(129), 'too_long'], ['a\0b', 'not_unicode'], ['a\ud800b', 'not_unicode']]) {
    assert.throws(() => checkPassword(password), refusal(code));
  }
  checkPassword('x'.repeat(256));
  checkPassword('e\u0301 🐎');
});

test('base64url has one spelling', () => {
  assert.equal(base64url(fromBase64url('-_8')), '-_8');
  for (const text of ['-_9', 'Zg==', 'Z', 'Zm 9v', 'Zm+v']) assert.throws(() => fromBase64url(text), refusal('malformed'), text);
});

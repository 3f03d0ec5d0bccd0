import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createPrivateKey } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { ANSWER, NOW, PRE, makeDomain, open, sealingKey, sign, signingKey } from './fake_domain.mjs';
import { SealError, base64url, checkPassword, checkRoster, checkStatement, fromBase64url, seal, sealFor, thumbprint, ulid } from './seal.mjs';

const refuses = (work, code) => assert.rejects(work, (error) => error instanceof SealError && (assert.equal(error.code, code), true));
const refusesNow = (work, code) => assert.throws(work, (error) => error instanceof SealError && (assert.equal(error.code, code), true));
let domain;
before(async () => { domain = await makeDomain(); });
const expected = (changes = {}) => ({ ...domain.known, now: NOW, ...changes });

describe('base64url', () => {
  it('has one spelling for every byte string', () => {
    for (const bytes of [[], [0], [255, 254], [1, 2, 3], [251, 255, 191, 0]]) assert.deepEqual([...fromBase64url(base64url(Uint8Array.from(bytes)))], bytes);
    assert.equal(base64url(fromBase64url('-_8')), '-_8');
    for (const text of ['-_9', 'Zm 9v', 'A', 'AB', 'AA==', 'A+//', 'AA\n', 'AAB', 5, null]) refusesNow(() => fromBase64url(text), 'malformed');
  });
});

describe('a thumbprint', () => {
  it('is that of RFC 7638, known from another program', async () => {
    // the key of RFC 7515 A.3; also checked in tests/unit/crypto_keys_test.cpp
    assert.equal(await thumbprint({ kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' }), 'oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U');
  });
});

describe('a ulid', () => {
  it('has 26 characters, sorts by time and is not twice the same', () => {
    const made = Array.from({ length: 100 }, ulid);
    for (const id of made) assert.match(id, /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
    assert.equal(new Set(made).size, 100);
  });
});

describe('a good roster', () => {
  it('is believed', async () => {
    const roster = await checkRoster(await domain.roster(), expected());
    assert.equal(roster.rsn, 5);
    assert.equal(roster.agents.length, 2);
  });
  it('is believed at the rsn seen before, and above it', async () => {
    await checkRoster(await domain.roster(), expected({ leastRsn: 5 }));
    await checkRoster(await domain.roster(), expected({ leastRsn: 4 }));
  });
});

describe('a roster', () => {
  const cases = {
    'of a foreign root': ['foreign_root', async () => domain.roster({}, await signingKey())],
    'of a foreign root that calls itself ours': ['foreign_root', async () => domain.roster({}, await signingKey(), { header: { kid: domain.root.kid } })],
    'with our key but signed by another': ['roster_signature', async () => domain.roster({}, await signingKey(), { header: { kid: domain.root.kid, jwk: domain.root.jwk } })],
    'of another tenant': ['roster_audience', () => domain.roster({ ten: 'other' })],
    'of another domain': ['roster_audience', () => domain.roster({ dom: 'other.example' })],
    'that has expired': ['roster_expired', () => domain.roster({ exp: NOW })],
    'from the future': ['roster_expired', () => domain.roster({ iat: NOW + 3600, exp: NOW + 7200 })],
    'that lives too long': ['roster_expired', () => domain.roster({ exp: NOW + 31 * 86400 })],
    'whose exp is a string': ['roster_expired', () => domain.roster({ exp: '9999999999' })],
    'without agents': ['malformed', () => domain.roster({ agents: [] })],
    'with an agent twice': ['malformed', () => domain.roster({ agents: [0, 0].map((i) => ({ id: domain.agents[i].id, as: domain.agents[i].as.jwk })) })],
    'with a private key in it': ['malformed', () => domain.roster({ agents: [{ id: 'a', as: { ...domain.agents[0].as.jwk, d: 'AAAA' } }] })],
    'with a member nobody knows': ['malformed', () => domain.roster({ more: 1 })],
    'of another version': ['malformed', () => domain.roster({ v: 2 })],
    'without a signature algorithm': ['malformed', () => domain.roster({}, domain.root, { header: { alg: 'none' } })],
    'signed with HS256': ['malformed', () => domain.roster({}, domain.root, { header: { alg: 'HS256' } })],
    'with crit': ['malformed', () => domain.roster({}, domain.root, { header: { crit: ['b64'] } })],
    'of the wrong typ': ['malformed', () => domain.roster({}, domain.root, { header: { typ: 'wb-statement+jws' } })],
    'without its key': ['malformed', () => domain.roster({}, domain.root, { carry: false })],
    'that is null': ['malformed', async () => null],
    'that is not JSON': ['malformed', () => sign(domain.root, 'wb-roster+jws', 'roster', { carry: true })],
  };
  for (const [name, [code, make]] of Object.entries(cases)) it(`${name} is refused: ${code}`, async () => refuses(checkRoster(await make(), expected()), code));
  it('older than one seen before is refused', async () => refuses(checkRoster(await domain.roster(), expected({ leastRsn: 6 })), 'roster_older'));
  it('whose payload was exchanged under its signature is refused', async () => {
    const [header, , signature] = (await domain.roster()).split('.');
    const [, payload] = (await domain.roster({ rsn: 9 })).split('.');
    await refuses(checkRoster(`${header}.${payload}.${signature}`, expected()), 'roster_signature');
  });
  it('is refused with any one character changed', async () => {
    const text = await domain.roster();
    for (let i = 0; i < text.length; i += 1) {
      const changed = text.slice(0, i) + (text[i] === 'A' ? 'B' : 'A') + text.slice(i + 1);
      await assert.rejects(checkRoster(changed, expected()), SealError, `character ${i}`);
    }
  });
});

describe('a statement', () => {
  let roster;
  before(async () => { roster = await checkRoster(await domain.roster(), expected()); });
  it('of a rostered agent is believed', async () => {
    const statement = await checkStatement(await domain.statement(domain.agents[1]), roster, NOW);
    assert.equal(statement.ae[0].kid, domain.agents[1].ae.kid);
  });
  const cases = {
    'of an agent nobody approved': ['statement_stranger', async () => domain.statement({ ...domain.agents[0], as: await signingKey() })],
    'in the name of another agent': ['statement_audience', () => domain.statement(domain.agents[0], { agent: domain.agents[1].id })],
    'signed by another key than it names': ['statement_signature', () => domain.statement(domain.agents[0], {}, { ...domain.agents[1].as, kid: domain.agents[0].as.kid })],
    'of another domain': ['statement_audience', () => domain.statement(domain.agents[0], { dom: 'other.example' })],
    'for another roster': ['statement_rsn', () => domain.statement(domain.agents[0], { rsn: 4 })],
    'that has expired': ['statement_expired', () => domain.statement(domain.agents[0], { exp: NOW - 1 })],
    'that lives too long': ['statement_expired', () => domain.statement(domain.agents[0], { exp: NOW + 90_000 })],
    'without keys': ['malformed', () => domain.statement(domain.agents[0], { ae: [] })],
    'with a swapped key': ['malformed', async () => domain.statement(domain.agents[0], { ae: [{ kid: domain.agents[0].ae.kid, jwk: (await sealingKey()).jwk }] })],
    'that carries its key': ['malformed', () => domain.statement(domain.agents[0], {}, domain.agents[0].as, { carry: true })],
  };
  for (const [name, [code, make]] of Object.entries(cases)) it(`${name} is refused: ${code}`, async () => refuses(checkStatement(await make(), roster, NOW), code));
});

describe('a password', () => {
  it('of any well-formed Unicode is taken', () => { for (const good of ['x', 'é'.normalize('NFD'), '😀'.repeat(128), '"\\\n', 'ß'.repeat(256), '\uFEFFx']) checkPassword(good); });
  it('that is none is refused', () => {
    for (const [bad, code] of [['', 'empty'], [undefined, 'empty'], ['x'.repeat(257), 'too_long'], ['😀'.repeat(129), 'too_long'], ['a\0b', 'not_unicode'], ['a\uD800', 'not_unicode'], ['\uDC00\uD800', 'not_unicode']]) refusesNow(() => checkPassword(bad), code);
  });
});

describe('sealing', () => {
  it('is opened by every agent of the roster, byte for byte, and says what it is for', async () => {
    for (const password of ['Correct-Horse-1', 'é"\\\n\u0001 😀', 'é'.normalize('NFD'), '\uFEFFbom']) {
      const { jti, sealed, rsn } = await sealFor(await domain.keys(), ANSWER, password, domain.known);
      for (const agent of domain.agents) {
        const { header, text } = await open(sealed, { kid: agent.ae.kid, privateKey: agent.ae.privateKey });
        assert.equal(JSON.parse(text).pw, password);
        assert.equal(Buffer.byteLength(text) % 128, 0);
        assert.deepEqual(Object.keys(header), ['alg', 'enc', 'typ', 'wb']);
        const { nce, ...wb } = header.wb;
        assert.deepEqual(wb, { v: 1, jti, ten: 'default', dom: 'corp.example', sub: ANSWER.sub, op: 'reset', iat: NOW, exp: NOW + 120, rsn, pre: PRE });
        assert.equal(fromBase64url(nce).length, 16);
      }
    }
  });
  it('of a change holds the old password too, and only that does', async () => {
    const { sealed } = await sealFor(await domain.keys(), ANSWER, 'New-Passw0rd-1', { ...domain.known, op: 'change', old: 'é"\\ 😀' });
    const { header, text } = await open(sealed, { kid: domain.agents[0].ae.kid, privateKey: domain.agents[0].ae.privateKey });
    const { pw, old } = JSON.parse(text);
    assert.deepEqual([header.wb.op, pw, old], ['change', 'New-Passw0rd-1', 'é"\\ 😀']);
    assert.equal(Buffer.byteLength(text) % 128, 0);
    for (const [op, given] of [['change', undefined], ['reset', 'x'], ['authenticate', 'x']]) await refuses(sealFor(await domain.keys(), ANSWER, 'x', { ...domain.known, op, old: given }), 'malformed');
    await refuses(sealFor(await domain.keys(), ANSWER, 'x', { ...domain.known, op: 'change', old: '' }), 'empty');
  });
  it('does not show the length of the password', async () => {
    const length = async (password) => (await sealFor(await domain.keys(), ANSWER, password, domain.known)).sealed.length;
    assert.equal(await length('x'), await length('x'.repeat(100)));
  });
  it('uses a fresh ephemeral key for every recipient and every time', async () => {
    const seen = new Set();
    for (let i = 0; i < 3; i += 1) for (const { header } of JSON.parse((await sealFor(await domain.keys(), ANSWER, 'Passw0rd-1', domain.known)).sealed).recipients) seen.add(header.epk.x);
    assert.equal(seen.size, 6);
  });
  it('leaves out an agent whose statement is out of date or for another roster', async () => {
    for (const changes of [{ exp: NOW - 1 }, { rsn: 4 }]) {
      const statements = [await domain.statement(domain.agents[0], changes), await domain.statement(domain.agents[1])];
      const { sealed } = await sealFor(await domain.keys({ statements }), ANSWER, 'Passw0rd-1', domain.known);
      assert.deepEqual(JSON.parse(sealed).recipients.map((r) => r.header.kid), [domain.agents[1].ae.kid]);
    }
  });
  it('stops at a forged statement, even beside good ones', async () => {
    const forged = await domain.statement({ ...domain.agents[0], as: await signingKey() });
    await refuses(sealFor(await domain.keys({ statements: [await domain.statement(domain.agents[1]), forged] }), ANSWER, 'Passw0rd-1', domain.known), 'statement_stranger');
  });
  it('stops where no agent is left', async () => {
    await refuses(sealFor(await domain.keys({ statements: [] }), ANSWER, 'Passw0rd-1', domain.known), 'no_agents');
    await refuses(sealFor(await domain.keys({ statements: [await domain.statement(domain.agents[0], { exp: NOW - 1 })] }), ANSWER, 'Passw0rd-1', domain.known), 'statement_expired');
    await refuses(sealFor(await domain.keys({ statements: 'all' }), ANSWER, 'Passw0rd-1', domain.known), 'malformed');
  });
  it('does not believe a service that sets its clock back', async () => {
    const old = await domain.keys({ roster: await domain.roster({ iat: NOW - 90_000, exp: NOW - 3600 }), now: NOW - 7200 });
    await refuses(sealFor(old, ANSWER, 'Passw0rd-1', domain.known), 'roster_expired');
  });
  it('works on a machine whose clock is slow', async () => { await sealFor(await domain.keys(), ANSWER, 'Passw0rd-1', { ...domain.known, clock: NOW - 86400 }); });
  it('refuses a key twice, a key that is none, and none at all', async () => {
    const { kid, jwk } = domain.agents[0].ae;
    await refuses(seal([{ kid, jwk }, { kid, jwk }], {}, 'x'), 'malformed');
    await refuses(seal([], {}, 'x'), 'no_agents');
    await refuses(seal([{ kid, jwk: { ...jwk, crv: 'P-384' } }], {}, 'x'), 'malformed');
  });
});

describe('a password sealed by the C++ side', () => {
  it('opens here', async () => {
    const golden = JSON.parse(readFileSync(new URL('../../protocol/golden/v1/sealed_by_cpp.json', import.meta.url)));
    const jwk = createPrivateKey(golden.private_key_pem).export({ format: 'jwk' });
    const privateKey = await globalThis.crypto.subtle.importKey('jwk', jwk, { name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
    const { header, text } = await open(golden.sealed, { kid: await thumbprint(jwk), privateKey });
    assert.equal(JSON.parse(text).pw, golden.password);
    assert.equal(header.wb.dom, 'corp.example');
  });
});

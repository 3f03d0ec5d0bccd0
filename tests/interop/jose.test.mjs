// Signed objects and sealed passwords, both ways between us (C++ and the browser's module) and two other implementations
// of JOSE: npm's jose, and libjose by its command line. libjose and `aad`: see the traps in docs/STYLE.md; we have none.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { CompactSign, GeneralEncrypt, calculateJwkThumbprint, compactVerify, generalDecrypt, importJWK } from 'jose';
import { seal } from '../../portal/seal/seal.mjs';
import { binding, folder, newKey, ours, run } from './peers.mjs';

const TYP = 'wb-job+jws', PAYLOAD = '{"v":1,"text":"Pä̈ß \\" 😀"}', PASSWORD = 'Pä̈ß "\\/ 😀-1';
const utf8 = new TextEncoder(), text = (bytes) => new TextDecoder().decode(bytes);
const protectedHeader = () => ({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', typ: 'wb-sealed+jwe', wb: binding() });
const plaintext = (password) => { const short = JSON.stringify({ pw: password, pad: '' }); return JSON.stringify({ pw: password, pad: ' '.repeat((128 - utf8.encode(short).length % 128) % 128) }); };
let key, other;
before(async () => { key = await newKey(); other = await newKey(); });

let files = 0;
const file = (content) => { const name = join(folder, `f${++files}`); writeFileSync(name, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 }); return name; };

// How each of them signs, verifies, seals to two keys, and opens.
const jose = {
  sign: async (payload) => new CompactSign(utf8.encode(payload)).setProtectedHeader({ alg: 'ES256', typ: TYP, kid: key.kid }).sign(await importJWK(key.secret, 'ES256')),
  verify: async (jws) => text((await compactVerify(jws, await importJWK(key.jwk, 'ES256'), { algorithms: ['ES256'] })).payload),
  seal: async (plain, keys) => {
    const sealing = new GeneralEncrypt(utf8.encode(plain)).setProtectedHeader(protectedHeader());
    for (const to of keys) sealing.addRecipient(await importJWK(to.jwk, 'ECDH-ES+A256KW')).setUnprotectedHeader({ kid: to.kid });
    return JSON.stringify(await sealing.encrypt());
  },
  open: async (jwe, by) => text((await generalDecrypt(JSON.parse(jwe), await importJWK(by.secret, 'ECDH-ES+A256KW'))).plaintext),
};
const libjose = {
  sign: async (payload) => run('jose', ['jws', 'sig', '-I', '-', '-k', file({ ...key.secret, alg: 'ES256' }), '-s', JSON.stringify({ protected: { alg: 'ES256', typ: TYP, kid: key.kid } }), '-c'], payload).trim(),
  verify: async (jws) => run('jose', ['jws', 'ver', '-i', '-', '-k', file({ ...key.jwk, alg: 'ES256' }), '-O', '-'], jws),
  seal: async (plain, keys) => {
    const args = ['jwe', 'enc', '-i', JSON.stringify({ protected: protectedHeader() }), '-I', file(plain)];
    for (const to of keys) args.push('-r', JSON.stringify({ header: { kid: to.kid } }), '-k', file(to.jwk));
    return run('jose', args);
  },
  open: async (jwe, by) => run('jose', ['jwe', 'dec', '-i', '-', '-k', file(by.secret)], jwe),
};
const we = {
  sign: (payload) => ours(['sign', key.file, TYP], payload),
  verify: (jws) => ours(['verify', key.jwk.x, key.jwk.y, TYP], jws),
  seal: (password, keys) => ours(['seal', JSON.stringify(binding()), ...keys.flatMap(({ jwk }) => [jwk.x, jwk.y])], password),
  open: (jwe, by) => ours(['open', by.file], jwe),
};

for (const [name, they] of Object.entries({ 'npm jose': jose, libjose })) {
  describe(`${name} and we`, () => {
    it('verify what the other has signed', async () => {
      assert.equal(we.verify(await they.sign(PAYLOAD)), PAYLOAD);
      assert.equal(await they.verify(we.sign(PAYLOAD)), PAYLOAD);
    });
    it('refuse what the other has signed and somebody has changed', async () => {
      const bent = (jws) => jws.replace(/\.(.)/, (_, c) => `.${c === 'A' ? 'B' : 'A'}`);
      const theirs = await they.sign(PAYLOAD);
      assert.throws(() => we.verify(bent(theirs)), /signature/);
      await assert.rejects(async () => they.verify(bent(we.sign(PAYLOAD))));
    });
    it('open what the other has sealed to two', async () => {
      const sealed = we.seal(PASSWORD, [other, key]);
      for (const by of [key, other]) assert.equal(JSON.parse(await they.open(sealed, by)).pw, PASSWORD);
      const theirs = await they.seal(plaintext(PASSWORD), [other, key]);
      for (const by of [key, other]) assert.equal(we.open(theirs, by), PASSWORD);
    });
    it('open what the browser module has sealed', async () => {
      const sealed = await seal([key], binding(), PASSWORD);
      assert.equal(JSON.parse(await they.open(sealed, key)).pw, PASSWORD);
      assert.equal(we.open(sealed, key), PASSWORD);
    });
  });
}

describe('a name of a key', () => {
  it('is the same to all', async () => {
    const [x, y, kid] = ours(['jwk', key.file]).split(' ');
    assert.deepEqual([x, y, kid], [key.jwk.x, key.jwk.y, key.kid]);
    assert.equal(await calculateJwkThumbprint(key.jwk), kid);
    assert.equal(run('jose', ['jwk', 'thp', '-i', file(key.jwk)]).trim(), kid);
  });
});

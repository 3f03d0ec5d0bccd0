// Captchas, both ways between us and npm's altcha-lib, which speaks the format for its widget.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createChallenge, extractParams, solveChallenge, verifySolution } from 'altcha-lib';
import { run } from './peers.mjs';

const KEY = 'an HMAC key of any length', NOW = Math.floor(Date.now() / 1000);
const ours = (args, input = '') => run(join(process.env.WB_BIN ?? 'build/dev', 'captcha_peer'), args.map(String), input);
const check = (payload, now = NOW, key = KEY, purpose = 'start') => ours(['check', key, purpose, now], payload);
const payload = (challenge, solution) => btoa(JSON.stringify({ algorithm: challenge.algorithm, challenge: challenge.challenge, number: solution.number, salt: challenge.salt, signature: challenge.signature, took: solution.took }));
const solve = (challenge) => solveChallenge(challenge.challenge, challenge.salt, challenge.algorithm, challenge.maxnumber).promise;

describe('a challenge of ours', () => {
  const challenge = JSON.parse(ours(['challenge', KEY, 'start', 2000, 1234, NOW + 300]));
  it('is solved and verified by altcha-lib, and then by us', async () => {
    const solution = await solve(challenge);
    assert.equal(solution.number, 1234);
    const text = payload(challenge, solution);
    assert.equal(await verifySolution(text, KEY), true);
    assert.equal(check(text), 'solved');
  });
  it('says the same of its time and purpose to both', () => {
    assert.deepEqual(extractParams(challenge), { expires: String(NOW + 300), for: 'start' });
    assert.equal(check(payload(challenge, { number: 1234, took: 1 }), NOW + 301), 'expired');
  });
  it('is refused by both under another key or number', async () => {
    for (const [number, key, why] of [[1235, KEY, 'wrong_number'], [1234, 'another', 'not_ours']]) {
      const text = payload(challenge, { number, took: 1 });
      assert.equal(await verifySolution(text, key), false);
      assert.equal(check(text, NOW, key), why);
    }
  });
});

describe('a challenge of altcha-lib', () => {
  it('is believed where it carries what ours do', async () => {
    const challenge = await createChallenge({ hmacKey: KEY, maxnumber: 2000, number: 77, salt: `${'0a'.repeat(12)}?expires=${NOW + 60}&for=start&` });
    assert.equal(check(payload(challenge, await solve(challenge))), 'solved');
  });
  it('is not believed where it says other things, though it is signed', async () => {
    const challenge = await createChallenge({ hmacKey: KEY, maxnumber: 2000, number: 77, expires: new Date((NOW + 60) * 1000), params: { for: 'start', more: '1' } });
    assert.equal(check(payload(challenge, { number: 77, took: 1 })), 'malformed');
  });
});

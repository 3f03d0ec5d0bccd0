import test from 'node:test';
import assert from 'node:assert/strict';
import { followRoots, sealFor } from './seal.mjs';
import { pinFor, pinInFragment, rememberPin } from './pins.mjs';
import { ANSWER, NOW, makeDomain, sign, signingKey } from './fake_domain.mjs';

const place = { tenant: 'default', domain: 'corp.example' };
class Memory extends Map {
  getItem(name) { return this.get(name) ?? null; }
  setItem(name, text) { this.set(name, text); }
}
const refused = (code) => (error) => { assert.equal(error.code, code); assert.ok(error.message); return true; };
const succession = (from, to, changes = {}) => sign(from, 'wb-root+jws', { v: 1, ten: 'default', dom: 'corp.example', dr: to.jwk, iat: NOW, ...changes }, { carry: true });

test('a first visit needs a link with the root, and nothing is stored before a roster was believed', async () => {
  const d = await makeDomain();
  const memory = new Memory();
  await assert.rejects(pinFor(memory, place), refused('no_pin'));
  const fragment = pinInFragment(`#x=1&dr=${d.root.kid}`);
  assert.deepEqual(await pinFor(memory, { ...place, fragment }), { pin: d.root.kid, leastRsn: 0 });
  assert.equal(memory.size, 0);
  rememberPin(memory, { ...place, dr: d.root.kid, rsn: 5 });
  assert.deepEqual(await pinFor(memory, place), { pin: d.root.kid, leastRsn: 5 });
});

test('a damaged fragment and a damaged memory are said, not passed over', async () => {
  assert.equal(pinInFragment(''), null);
  for (const bad of ['#dr=', '#dr=short', `#dr=${'A'.repeat(44)}`, `#dr=${'A'.repeat(43)}&dr=${'B'.repeat(43)}`]) assert.throws(() => pinInFragment(bad), refused('pin_malformed'));
  await assert.rejects(pinFor(new Memory([['wb-pin default/corp.example', '{"dr":1}']]), place), refused('pin_damaged'));
});

test('a fragment that contradicts what is known stops', async () => {
  const d = await makeDomain();
  const memory = new Memory();
  rememberPin(memory, { ...place, dr: d.root.kid, rsn: 5 });
  const stranger = await signingKey();
  await assert.rejects(pinFor(memory, { ...place, fragment: stranger.kid }), refused('pin_contradiction'));
  const forged = await succession(stranger, await signingKey());
  await assert.rejects(pinFor(memory, { ...place, fragment: stranger.kid, roots: [forged] }), refused('pin_contradiction'));
  assert.equal((await pinFor(memory, { ...place, fragment: d.root.kid })).pin, d.root.kid);
});

test('a root that was succeeded is followed from an old pin and contradicts no old or new link', async () => {
  const d = await makeDomain();
  const [second, third] = [await signingKey(), await signingKey()];
  const roots = [await succession(d.root, second), await succession(second, third)];
  for (const pin of [d.root.kid, second.kid, third.kid]) assert.equal(await followRoots(roots, { pin, ...place }), third.kid);
  const memory = new Memory();
  rememberPin(memory, { ...place, dr: second.kid, rsn: 5 });
  for (const fragment of [d.root.kid, second.kid, third.kid]) assert.equal((await pinFor(memory, { ...place, fragment, roots })).pin, second.kid);
  const keys = await d.keys({ roster: await d.roster({ rsn: 5 }, third), roots });
  const made = await sealFor(keys, ANSWER, 'New-Passw0rd-1', { ...d.known });
  assert.equal(made.dr, third.kid);
  await assert.rejects(sealFor({ ...keys, roots: [] }, ANSWER, 'New-Passw0rd-1', { ...d.known }), refused('foreign_root'));
  await assert.rejects(sealFor(await d.keys({ roots }), ANSWER, 'New-Passw0rd-1', { ...d.known }), refused('foreign_root'), 'the former root signs nothing any more');
});

test('a succession of a stranger, for another domain or with a broken signature leads nowhere', async () => {
  const d = await makeDomain();
  const [next, stranger] = [await signingKey(), await signingKey()];
  assert.equal(await followRoots([await succession(stranger, next)], { pin: d.root.kid, ...place }), d.root.kid);
  await assert.rejects(followRoots([await succession(d.root, next, { dom: 'other.example' })], { pin: d.root.kid, ...place }), refused('root_audience'));
  const good = await succession(d.root, next);
  const broken = good.slice(0, -8) + (good.at(-8) === 'A' ? 'B' : 'A') + good.slice(-7);
  await assert.rejects(followRoots([broken], { pin: d.root.kid, ...place }), refused('root_signature'));
});

test('the number of a roster never goes back in memory', async () => {
  const d = await makeDomain();
  const memory = new Memory();
  rememberPin(memory, { ...place, dr: d.root.kid, rsn: 7 });
  rememberPin(memory, { ...place, dr: d.root.kid, rsn: 6 });
  const { pin, leastRsn } = await pinFor(memory, place);
  await assert.rejects(sealFor(await d.keys(), ANSWER, 'New-Passw0rd-1', { ...d.known, pin, leastRsn }), refused('roster_older'));
});

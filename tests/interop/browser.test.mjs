// The sealing module in the browser people have: Debian's Chromium, headless, on a page of the loopback. What it sealed is
// opened by the agent's own code.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { it } from 'node:test';
import { makeDomain, ANSWER } from '../../portal/seal/fake_domain.mjs';
import { Chromium } from './chromium.mjs';
import { binding, newKey, ours } from './peers.mjs';

const PASSWORD = 'Pä̈ß "\\/ 😀-1';
const module = readFileSync(new URL('../../portal/seal/seal.mjs', import.meta.url));

// The page does its work and keeps what came of it.
const page = (work) => `<!doctype html><meta charset="utf-8"><script type="module">
import * as wb from './seal.mjs';
const work = ${JSON.stringify(work)};
const tried = async (of) => { try { return await of(); } catch (error) { return { refused: error.code ?? String(error) }; } };
globalThis.done = {
  secure: isSecureContext, agent: navigator.userAgent,
  sealed: await tried(() => wb.seal(work.keys, work.binding, work.password)),
  whole: await tried(() => wb.sealFor(work.offer, work.answer, work.password, work.known)),
  swapped: await tried(() => wb.sealFor(work.offer, work.answer, work.password, { ...work.known, pin: work.keys[0].kid })),
  surrogate: await tried(() => wb.seal(work.keys, work.binding, '\\ud800')),
};
</script>`;

async function browse(work) {
  const server = createServer((request, response) => {
    if (request.url === '/') response.setHeader('Content-Type', 'text/html').end(page(work));
    else if (request.url === '/seal.mjs') response.setHeader('Content-Type', 'text/javascript').end(module);
    else response.writeHead(404).end();
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const browser = await Chromium.start();
  try {
    await browser.go(`http://127.0.0.1:${server.address().port}/`);
    return await browser.until('globalThis.done', 'the end of its work');
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}

it('Chromium seals what the agent opens, and refuses a swapped root', { timeout: 90_000 }, async () => {
  const key = await newKey(), domain = await makeDomain();
  const seen = await browse({ keys: [{ kid: key.kid, jwk: key.jwk }], binding: binding(), password: PASSWORD, offer: await domain.keys(), answer: ANSWER, known: { ...domain.known } });
  assert.equal(seen.secure, true);
  assert.match(seen.agent, /Chrome/);
  assert.equal(ours(['open', key.file], seen.sealed), PASSWORD);
  assert.equal(seen.whole.refused, undefined);
  assert.equal(seen.swapped.refused, 'foreign_root');
  assert.equal(seen.surrogate.refused, 'not_unicode');
});

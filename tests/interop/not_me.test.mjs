// The page behind "this wasn't me" in letters, in the browser people have.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { accessible, at, browser, open, stage, tell } from './portal_stage.mjs';

stage();
const asked = () => browser.sent.filter(({ url, method }) => method === 'POST' && url.includes('/not-me'));

it('asks before it does anything, and the link leaves the address bar at once', { timeout: 60_000 }, async () => {
  const { token } = await tell('letter alice@corp.example');
  await open(`/not-me#${token}`);
  await at('ask');
  await accessible();
  assert.equal(await browser.value('location.hash + location.search'), '');
  assert.ok(await browser.value('performance.getEntriesByType("resource").every(({ name }) => !name.includes("wbn1"))'));
  await browser.click('#keep');
  await at('kept');
  await accessible();
  assert.deepEqual(asked(), [], 'nothing was said');
});

it('stops self-service for the account once it is told to, also when the first answer was lost', { timeout: 60_000 }, async () => {
  const { token } = await tell('letter alice@corp.example');
  await open(`/not-me?mkt=de#${token}`);
  await at('ask');
  await browser.offline(true);
  await browser.click('#report');
  await browser.refused('offline');
  await accessible();
  await browser.offline(false);
  const before = asked().length;
  await browser.click('[data-code=offline] button');
  await at('stopped');
  await accessible();
  assert.match(await browser.value('document.querySelector("main p").innerText'), /^Danke/);
  assert.deepEqual(asked().slice(before).map(({ body }) => JSON.parse(body)), [{ token }]);
  for (const { url, headers } of browser.sent) assert.ok(!(url + JSON.stringify(headers)).includes(token), 'it travels in that body alone');
  await open(`/not-me#${token}`); // the same again: the same answer; a double click is one
  await at('ask');
  await browser.value('(() => { const it = document.querySelector("#report"); it.click(); it.click(); })()');
  await at('stopped');
  assert.equal(asked().length, before + 2);
});

it('says what is wrong with a link that is over, or none', { timeout: 60_000 }, async () => {
  await open(`/not-me#wbn1.01ARZ3NDEKTSV4RRFFQ69G5FAV.${'A'.repeat(43)}`);
  await at('ask');
  await browser.click('#report');
  await at('expired');
  assert.match(await browser.refused('link_expired'), /not valid any more/);
  await accessible();
  const before = asked().length;
  for (const path of ['/not-me', '/not-me#', '/not-me#wbn1.x', `/not-me#wbp1.01ARZ3NDEKTSV4RRFFQ69G5FAV.${'A'.repeat(43)}`, '/not-me#<script>alert(1)</script>']) {
    await open(path);
    await at('no_link');
    assert.equal(await browser.value('location.hash'), '', path);
  }
  await accessible();
  await browser.value(`void (location.hash = 'wbn1.01ARZ3NDEKTSV4RRFFQ69G5FAV.${'B'.repeat(43)}')`); // another link in the same tab
  await at('ask');
  assert.equal(asked().length, before);
});

it('is as good in another program\'s window', { timeout: 60_000 }, async () => {
  await open(`/not-me?embedded=1&mkt=de#wbn1.01ARZ3NDEKTSV4RRFFQ69G5FAV.${'A'.repeat(43)}`);
  await at('ask');
  assert.ok(await browser.value('document.querySelector(".whose").offsetParent === null && document.querySelector(".languages select").offsetParent !== null'));
  await accessible();
});

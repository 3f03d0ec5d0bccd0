// What a page does before it is itself: something is painted at once, and nothing is run or worn that the page was not built with.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { browser, pin, stage, url } from './portal_stage.mjs';

stage();
const PAGES = ['/', '/signin', '/register', '/change', '/admin', '/not-me'];
const padlock = () => browser.value(`(() => {
  const lock = document.querySelector('.coming'), { display, stroke } = getComputedStyle(lock);
  return { display, stroke, page: getComputedStyle(document.body).backgroundColor, seen: lock.getBoundingClientRect().width };
})()`);
const begin = (page) => browser.go(`${url}${page}#dr=${pin}`);
/** With what is done about each file of this kind. */
async function meanwhile(kind, route, story) {
  const files = `**/assets/*.${kind}`;
  await browser.page.route(files, route); // nothing comes from the cache meanwhile
  try {
    await story();
  } finally {
    await browser.page.unroute(files);
  }
}

for (const scheme of ['light', 'dark'])
  it(`a padlock is painted while the style sheets are still on their way, ${scheme}`, { timeout: 60_000 }, async () => {
    await browser.page.emulateMedia({ colorScheme: scheme });
    for (const page of PAGES) {
      const waiting = [];
      await meanwhile('css', (file) => waiting.push(file), async () => {
        await begin(page);
        await browser.until('performance.getEntriesByName("first-contentful-paint")[0]', `a first paint of ${page}`);
        assert.ok(waiting.length > 0, page);
        assert.deepEqual(await padlock(), { display: 'block', stroke: scheme === 'light' ? 'rgb(86, 94, 105)' : 'rgb(174, 182, 193)', page: scheme === 'light' ? 'rgb(245, 246, 248)' : 'rgb(20, 23, 27)', seen: 40 }, page);
        for (const file of waiting) await file.continue();
      });
      await browser.until('document.querySelector("main h1")', page);
      assert.equal((await padlock()).display, 'none', page);
    }
    await browser.page.emulateMedia({ colorScheme: null });
  });

for (const [kind, type, altered] of [['js', 'text/javascript', 'document.documentElement.dataset.altered = 1'], ['css', 'text/css', 'body { background: red }']])
  it(`a ${kind} file that is not the one the page was built with is refused`, { timeout: 60_000 }, async () => {
    const other = (file) => file.fulfill({ contentType: type, body: altered });
    for (const page of PAGES)
      await meanwhile(kind, other, async () => {
        await begin(page);
        await browser.until('document.readyState === "complete"', page);
        assert.equal(await browser.value('document.documentElement.dataset.altered'), undefined, page);
        assert.equal((await padlock()).page, 'rgb(245, 246, 248)', page);
      });
    const complaints = browser.said.splice(0);
    assert.ok(complaints.length >= PAGES.length && complaints.every((text) => /digest|integrity/i.test(text)), complaints.join('\n'));
  });

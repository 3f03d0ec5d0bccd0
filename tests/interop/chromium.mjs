// Debian's Chromium, headless, driven by Playwright: one page at a time, everything that it sends recorded. What a page is to become is asked of
// it until it holds, with a limit.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

const PATIENCE_MS = 15_000;
const INSTALLED = process.env.PATH.split(delimiter).map((folder) => join(folder, 'chromium')).find(existsSync) ?? '/usr/bin/chromium';
export const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
export const DESKTOP = { viewport: { width: 1280, height: 800 } };

export class Chromium {
  sent = []; // {url, method, headers, body}, in order, those of workers as well
  said = []; // what the page's console and its policy complained of

  static async start(as) {
    const one = new Chromium();
    // Its sandbox wants rights that a container or root does not have; it sees pages of ours only.
    one.process = await chromium.launch({ executablePath: INSTALLED, args: ['--no-sandbox', '--disable-dev-shm-usage', '--proxy-server=direct://'] });
    await one.begin(as);
    return one;
  }
  close() { return this.process.close(); }

  /** As somebody else's browser, which has never been anywhere: with a screen of that size, set to that language and time zone, and seen at that address (where a balancer is believed). */
  async begin({ size = PHONE, language = 'en', zone, address } = {}) {
    await this.context?.close();
    this.size = size.viewport;
    this.context = await this.process.newContext({ ...size, locale: language, timezoneId: zone, ignoreHTTPSErrors: true, extraHTTPHeaders: address && { 'X-Forwarded-For': address } });
    this.context.setDefaultTimeout(PATIENCE_MS);
    this.context.on('request', (one) => this.sent.push({ url: one.url(), method: one.method(), headers: one.headers(), body: one.postData() ?? '' }));
    this.context.on('console', (message) => this.said.push(message.text()));
    this.context.on('weberror', (one) => this.said.push(String(one.error().stack ?? one.error())));
    this.page = await this.context.newPage();
    this.protocol = await this.context.newCDPSession(this.page);
  }
  /** What Playwright has no word for, in Chromium's own protocol. */
  ask(method, params) { return this.protocol.send(method, params); }

  /** There, from nothing: a fragment alone would not load a page anew. It may still be on its way. */
  async go(url) {
    await this.page.goto('about:blank');
    await this.page.goto(url, { waitUntil: 'commit' });
  }
  /** The value of an expression in the page. */
  value(expression) { return this.page.evaluate(expression); }
  /** Until the expression is truthy; its value. (The pages' policy forbids what Playwright's own waitForFunction does: eval, later.) */
  async until(expression, what = expression) {
    const asking = `new Promise((done) => {
      const end = performance.now() + ${PATIENCE_MS};
      const look = () => { const it = (() => { try { return ${expression}; } catch { return null; } })(); if (it || performance.now() > end) done(it || null); else requestAnimationFrame(look); };
      look();
    })`;
    for (let tries = 1; ; tries += 1) {
      try {
        const it = await this.value(asking);
        if (it) return it;
      } catch (error) { // the page went away under the question
        if (tries < 20 && /navigat|destroyed|context/i.test(error.message)) continue;
        throw error;
      }
      throw new Error(`never came: ${what}\n${await this.value('document.body.innerText')}\n${this.said.join('\n')}`);
    }
  }
  screen(name) { return this.until(`document.querySelector('main:not([data-busy])')?.dataset.screen === ${JSON.stringify(name)}`, `screen ${name}`); }
  refused(code) { return this.until(`document.querySelector('.refused[data-code=${JSON.stringify(code)}]')?.innerText`, `refusal ${code}`); }

  /** Into the field with this name (or the only one), in place of what stands there. */
  type(text, field = 'input') { return this.page.fill(field, text); }
  key(key) { return this.page.keyboard.press(key); }
  click(selector) { return this.page.click(selector); }
  /** Every page from now on has no network (true), or has it again. */
  offline(is) { return this.context.setOffline(is); }
}

// Debian's Chromium, headless, driven over its own protocol (Chrome DevTools Protocol, by pipe): one page, everything that it sends
// recorded. Questions are asked of the page until they hold, with a limit.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PATIENCE_MS = 15_000;

export class Chromium {
  sent = []; // {url, method, headers, body}, in order
  said = []; // what the page's console and its policy complained of
  paused = (_request) => undefined; // a request that waits, where a test has asked for that (Fetch.enable)
  #next = 0;
  #waiting = new Map();
  #rest = '';

  static async start() {
    const one = new Chromium();
    one.profile = mkdtempSync(join(tmpdir(), 'wb-chromium-'));
    // Its sandbox wants rights that a container or root does not have; it sees pages of ours only.
    one.process = spawn('chromium', ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking', '--disable-component-update',
      '--proxy-server=direct://', '--ignore-certificate-errors', '--remote-debugging-pipe', `--user-data-dir=${one.profile}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    one.process.on('exit', () => { for (const { reject } of one.#waiting.values()) reject(new Error('Chromium has ended')); });
    one.process.stdio[4].setEncoding('utf8').on('data', (part) => one.#came(part));
    const { targetInfos } = await one.#ask('Target.getTargets');
    const { sessionId } = await one.#ask('Target.attachToTarget', { targetId: targetInfos.find(({ type }) => type === 'page').targetId, flatten: true });
    one.session = sessionId;
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await one.ask(`${domain}.enable`, domain === 'Network' ? { maxPostDataSize: 1 << 20 } : {});
    return one;
  }

  async close() {
    const ended = new Promise((done) => { this.process.once('exit', done); });
    this.#ask('Browser.close').catch(() => this.process.kill('SIGKILL')); // asked, it takes its children with it
    await ended;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 20 });
  }

  #came(part) {
    const messages = (this.#rest + part).split('\0');
    this.#rest = messages.pop();
    for (const text of messages) {
      const { id, result, error, method, params } = JSON.parse(text);
      if (id !== undefined) {
        const { resolve, reject } = this.#waiting.get(id);
        this.#waiting.delete(id);
        if (error) reject(new Error(error.message)); else resolve(result);
      } else if (method === 'Network.requestWillBeSent') {
        const { url, method: verb, headers, postData = '' } = params.request;
        this.sent.push({ url, method: verb, headers, body: postData });
      } else if (method === 'Log.entryAdded') this.said.push(`${params.entry.source} ${params.entry.text}`);
      else if (method === 'Fetch.requestPaused') this.paused(params);
      else if (method === 'Runtime.exceptionThrown') this.said.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    }
  }
  #ask(method, params = {}, sessionId = undefined) {
    const id = ++this.#next;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }
  ask(method, params) { return this.#ask(method, params, this.session); }

  /** The value of an expression in the page. */
  async value(expression) {
    const { result, exceptionDetails } = await this.ask('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true, userGesture: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }
  /** Until the expression is truthy; its value. */
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
        if (tries < 20 && /navigated|destroyed|context/i.test(error.message)) continue;
        throw error;
      }
      throw new Error(`never came: ${what}\n${await this.value('document.body.innerText')}\n${this.said.join('\n')}`);
    }
  }
  screen(name) { return this.until(`document.querySelector('main:not([data-busy])')?.dataset.screen === ${JSON.stringify(name)}`, `screen ${name}`); }
  refused(code) { return this.until(`document.querySelector('.refused[data-code=${JSON.stringify(code)}]')?.innerText`, `refusal ${code}`); }

  /** As a keyboard would: the field with this name (or the only one) gets the focus and the text. */
  async type(text, field = 'input') {
    await this.until(`document.querySelector(${JSON.stringify(field)})`);
    await this.value(`(() => { const it = document.querySelector(${JSON.stringify(field)}); it.focus(); it.select(); })()`);
    await this.ask('Input.insertText', { text });
  }
  async key(key, code = key, modifiers = 0) {
    const text = key === 'Enter' ? '\r' : key === ' ' ? ' ' : undefined;
    const numbers = { Enter: 13, Tab: 9, Escape: 27, ' ': 32, ArrowDown: 40 };
    for (const type of [text ? 'keyDown' : 'rawKeyDown', 'keyUp']) await this.ask('Input.dispatchKeyEvent', { type, key, code, text: type === 'keyUp' ? undefined : text, modifiers, windowsVirtualKeyCode: numbers[key] });
  }
  click(selector) { return this.until(`(() => { const it = document.querySelector(${JSON.stringify(selector)}); if (!it?.offsetParent) return false; it.click(); return true; })()`, `click ${selector}`); }
  /** Every page from now on has no network (true), or has it again. */
  offline(is) { return this.ask('Network.emulateNetworkConditions', { offline: is, latency: 0, downloadThroughput: -1, uploadThroughput: -1 }); }
}

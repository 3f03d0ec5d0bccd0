// The pages' own tests, under node: what needs no browser. The whole is tests/interop/portal.test.mjs.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const top = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'wb-portal-'));
after(() => rmSync(folder, { recursive: true }));
const messages = (language) => JSON.parse(readFileSync(join(top, `src/messages/${language}.json`)));
const languages = readdirSync(join(top, 'src/messages')).map((file) => file.replace('.json', ''));

/** A module of the page, as JavaScript. */
async function load(name) {
  await build({ root: top, configFile: false, logLevel: 'error', build: { outDir: folder, emptyOutDir: false, target: 'es2022', lib: { entry: join(top, 'src', name), formats: ['es'], fileName: name } } });
  return import(join(folder, `${name}.js`));
}
const rules = await load('rules.ts');
const words = await load('words.ts');
const { solve, hasher } = await load('sha256.ts');

describe('the catalogues', () => {
  const places = (text) => (text.match(/\{\w+\}/g) ?? []).sort();
  it('are those that the page offers', () => assert.deepEqual(Object.keys(words.LANGUAGES).sort(), languages.sort()));
  for (const language of languages) {
    it(`say everything in ${language}, with the same places to fill in`, () => {
      const english = messages('en'), theirs = messages(language);
      assert.deepEqual(Object.keys(theirs), Object.keys(english));
      for (const [key, text] of Object.entries(theirs)) {
        assert.ok(text.trim(), key);
        assert.deepEqual(places(text), places(english[key]), key);
      }
    });
  }
  it('have no text that no screen shows', () => {
    const source = readdirSync(join(top, 'src')).filter((file) => /\.tsx?$/.test(file)).map((file) => readFileSync(join(top, 'src', file), 'utf8')).join('\n');
    const built = /^(problem|stop|busy|rule|method|choice)\./; // from a code
    for (const key of Object.keys(messages('en'))) assert.ok(built.test(key) || source.includes(`'${key}'`), key);
  });
});

describe('the language', () => {
  it('is what ?mkt= says, else what the browser wishes, else English', () => {
    assert.equal(words.languageOf('?mkt=de-AT', ['en']), 'de');
    assert.equal(words.languageOf('', ['fr-FR', 'de-CH', 'en']), 'de');
    assert.equal(words.languageOf('?mkt=xx', ['fr']), 'en');
    for (const hostile of ['?mkt=__proto__', '?mkt=constructor', '?mkt=' + 'd'.repeat(5_000), '?mkt=%00']) assert.equal(words.languageOf(hostile, []), 'en');
  });
  it('fills places in, and leaves what it does not know', () => {
    assert.equal(words.speaker('de')('rule.length', { count: 12 }), 'Mindestens 12 Zeichen');
    assert.equal(words.speaker('en')('rule.length'), 'At least {count} characters');
  });
});

describe('the proof of work', () => {
  const hex = (hash) => [...hash].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  it('hashes as SHA-256 does, at every length', () => {
    for (let length = 0; length < 140; length += 1) {
      const salt = 'x'.repeat(length);
      assert.equal(hex(hasher(salt)(length * 7)), createHash('sha256').update(`${salt}${length * 7}`).digest('hex'), `length ${length}`);
    }
  });
  it('finds the number, and only within the limit', () => {
    const salt = '0123456789abcdef01234567?expires=1795176000&for=reset&';
    const challenge = createHash('sha256').update(`${salt}4321`).digest('hex');
    assert.equal(solve(challenge, salt, 5_000), 4_321);
    assert.equal(solve(challenge, salt, 4_320), -1);
  });
});

describe('the hints', () => {
  const policy = { min_length: 12, complexity: true, history: 24 };
  const unmet = (password, names = []) => rules.hints(password, policy, names).filter((hint) => !hint.met).map((hint) => hint.rule);
  it('are met by a good password', () => assert.deepEqual(unmet('Correct-Horse-1', ['alice']), []));
  it('name each rule that is not', () => {
    assert.deepEqual(unmet('Short-1'), ['length']);
    assert.deepEqual(unmet('onlylowercaseletters'), ['kinds']);
    assert.deepEqual(unmet('My-ALICE-password-1', ['alice']), ['name']);
    assert.deepEqual(unmet(''), ['length', 'kinds', 'name']);
    assert.deepEqual(unmet(`Aa1${'x'.repeat(254)}`), ['too_long']);
  });
  it('count kinds as Windows does', () => {
    for (const [password, kinds] of [['', 0], ['abc', 1], ['aB', 2], ['aB1', 3], ['aB1 ', 4], ['äÖ', 2], ['密码', 1], ['aB密', 3], ['٣', 0]]) assert.equal(rules.kindsOf(password), kinds, password);
  });
  it('ask for the length alone where there is no complexity', () => assert.deepEqual(rules.hints('alicealicealice', { ...policy, complexity: false }, ['alice']).map((hint) => hint.rule), ['length']));
  it('know the names that a password may not hold', () => {
    assert.deepEqual(rules.namesIn('CORP\\Alice', 'Alice M. Liddell-Smith'), ['alice', 'alice', 'liddell', 'smith']);
    assert.deepEqual(rules.namesIn('al@corp.example', ''), []);
  });
});

describe('a suggested password', () => {
  it('meets the rules, and is another one each time', () => {
    const seen = new Set();
    for (let i = 0; i < 200; i += 1) {
      const one = rules.generate(i % 60);
      assert.deepEqual(rules.hints(one, { min_length: i % 60, complexity: true, history: 0 }, []).filter((hint) => !hint.met), []);
      seen.add(one);
    }
    assert.equal(seen.size, 200);
  });
});

describe('the built page', () => {
  it('has less than 60 KB, compressed, and nothing inline or from elsewhere', async () => {
    const out = join(folder, 'dist');
    await build({ root: top, configFile: join(top, 'vite.config.ts'), logLevel: 'error', build: { outDir: out, emptyOutDir: true } });
    const files = readdirSync(out, { recursive: true }).map(String);
    const bytes = files.filter((file) => file.endsWith('.gz')).reduce((sum, file) => sum + statSync(join(out, file)).size, 0);
    assert.ok(bytes > 10_000 && bytes < 60_000, `${bytes} bytes`);
    for (const file of files.filter((name) => /\.(js|css|html)$/.test(name))) {
      assert.ok(files.includes(`${file}.gz`), `${file} is there compressed, too`);
      if (file !== 'index.html') assert.match(file, /^assets\/[\w.]+-[\w-]{8}\.(js|css)$/);
    }
    const index = readFileSync(join(out, 'index.html'), 'utf8');
    assert.doesNotMatch(index, /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?:/);
  });
});

// The pages' own tests, under node: what needs no browser. The whole is tests/interop/portal.test.mjs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
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
const sources = readdirSync(join(top, 'src'), { recursive: true }).map(String);
const shelves = sources.filter((file) => /(^|\/)messages$/.test(file)); // each page's own texts
const messages = (shelf, language) => JSON.parse(readFileSync(join(top, 'src', shelf, `${language}.json`)));

/** A module of the page, as JavaScript. */
async function load(name) {
  await build({ root: top, configFile: false, logLevel: 'error', build: { outDir: folder, emptyOutDir: false, target: 'es2022', lib: { entry: join(top, 'src', name), formats: ['es'], fileName: name } } });
  return import(join(folder, `${name}.js`));
}
const rules = await load('rules.ts');
const settings = await load('admin/settings.ts'), colour = await load('colour.ts'), auditing = await load('admin/auditing.ts'), places = await load('admin/place.ts');
const agents = await load('admin/console/agents.ts'), reports = await load('admin/console/reports.ts');
const words = await load('words.ts'), letters = await load('admin/letters/letters.ts');
const { plain } = await load('typed.ts');
const link = await load('link.ts'), report = await load('notme/report.ts'), brand = await load('brand.ts');
const { solve, hasher } = await load('sha256.ts');

describe('a form', () => {
  const { schemas } = JSON.parse(readFileSync(join(top, '../docs/openapi.json'))).components; // what the service says of itself, which its own tests hold it to
  it('of the settings takes what the service takes', () => {
    const limits = { text: ({ most }) => ({ maxLength: most }), number: ({ min, max }) => ({ minimum: min, maximum: max }), choice: ({ of }) => ({ enum: of }) };
    for (const member of settings.GROUPS.flatMap(({ members }) => members)) {
      const said = schemas.Settings.properties[member.name];
      assert.ok(said, member.name);
      for (const [what, limit] of Object.entries(limits[member.kind]?.(member) ?? {})) assert.deepEqual(said[what], limit, `${member.name}: ${what}`);
    }
  });
  it('lets nobody type more than the service takes', () => {
    const pages = sources.filter((file) => file.endsWith('.tsx')).map((file) => readFileSync(join(top, 'src', file), 'utf8')).join('\n');
    const typed = (name) => [...pages.matchAll(new RegExp(`[\\s]name="${name}".*maxLength=\\{(\\d+)\\}`, 'g'))].map(([, most]) => Number(most));
    const taken = (schema, member) => schemas[schema].properties[member].maxLength;
    assert.deepEqual(typed('username'), Array(2).fill(taken('PersonName', 'name')));
    assert.deepEqual(typed('address'), [taken('Address', 'address')]);
    assert.equal(letters.SUBJECT_MAX, taken('LetterWording', 'subject'));
  });
});

describe('an organisation\'s look', () => {
  const good = { name: 'Contoso', text: 'Ask us', colour: '#0b57b0', logo: 'data:image/png;base64,iVBORw0KGgo=', helpdesk: 'https://help.example/a?b' };
  it('is taken as it was told', () => assert.deepEqual(brand.brandIn(good), good));
  it('is left without what can\'t be shown or would ask somebody else', () => {
    const bad = { name: 7, text: ['x'], colour: 'red;}', logo: 'https://elsewhere.example/logo.png', helpdesk: 'javascript:alert(1)' };
    assert.deepEqual(brand.brandIn({ ...bad }), brand.NOBODY);
    for (const logo of ['data:text/html;base64,AAAA', 'data:image/png,AAAA', 'data:image/png;base64,A" onerror="x', '//x/y.png']) assert.equal(brand.brandIn({ ...good, logo }).logo, '');
    for (const helpdesk of ['http://help.example', 'https://a b', ' mailto:x', 'https://']) assert.equal(brand.brandIn({ ...good, helpdesk }).helpdesk, '');
    for (const none of [undefined, null, 'x', 1]) assert.equal(brand.brandIn(none), null);
    assert.deepEqual(brand.brandIn({}), brand.NOBODY);
  });
});

describe('the catalogues', () => {
  const places = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
  const forms = (text) => (typeof text === 'string' ? [text] : Object.values(text));
  for (const shelf of shelves) {
    const there = readdirSync(join(top, 'src', shelf)).map((file) => file.replace('.json', '')).sort();
    const needed = Object.keys(words.LANGUAGES).sort();
    it(`in ${shelf} are those that the page offers`, () => assert.deepEqual(there, needed));
    for (const language of there) {
      it(`in ${shelf} say everything in ${language}, with the same places to fill in and the plurals of that language`, () => {
        const english = messages(shelf, 'en'), theirs = messages(shelf, language);
        assert.deepEqual(Object.keys(theirs), Object.keys(english));
        for (const [key, text] of Object.entries(theirs)) {
          assert.ok(forms(text).every((form) => form.trim()), key);
          assert.deepEqual(places(forms(text).join('')), places(forms(english[key]).join('')), key);
          assert.equal(typeof text, typeof english[key], key);
          if (typeof text !== 'string') assert.deepEqual(Object.keys(text).sort(), new Intl.PluralRules(language).resolvedOptions().pluralCategories.sort(), key);
        }
      });
    }
  }
  it('have no text that no screen shows', () => {
    const source = sources.filter((file) => /\.tsx?$/.test(file)).map((file) => readFileSync(join(top, 'src', file), 'utf8')).join('\n');
    const built = /^(problem|stop|busy|rule|method|choice|add|news|tab|group|settings?|letters?|preview|given|kind|scope|reason|agent|why|console|outcome|cover|revoke|drain|resume|finding)\./; // from a code
    for (const key of shelves.flatMap((shelf) => Object.keys(messages(shelf, 'en')))) assert.ok(built.test(key) || source.includes(`'${key}'`), key);
  });
});

describe('the language', () => {
  it('is what ?mkt= says, else what the browser wishes, else English', () => {
    assert.equal(words.languageOf('?mkt=de-AT', ['en']), 'de');
    assert.equal(words.languageOf('', ['sv-SE', 'de-CH', 'en']), 'de');
    assert.equal(words.languageOf('?mkt=xx', ['sv']), 'en');
    for (const hostile of ['?mkt=__proto__', '?mkt=constructor', '?mkt=' + 'd'.repeat(5_000), '?mkt=%00']) assert.equal(words.languageOf(hostile, []), 'en');
  });
  it('fills places in, and leaves what it does not know', async () => {
    assert.equal(await words.load('de'), 'de');
    assert.equal(words.speaker('de')('rule.length', { count: 12 }), 'Mindestens 12 Zeichen');
    assert.equal(words.speaker('en')('rule.length'), 'At least {count} characters');
    assert.equal(words.speaker('en')('rule.length', { count: 1 }), 'At least 1 character');
  });
  it('keeps what is filled in from turning the sentence around, and from marks where nothing turns', async () => {
    assert.equal(await words.load('ar'), 'ar');
    assert.ok(words.speaker('ar')('until', { time: '2:05 PM GMT+9' }).includes('\u20682:05 PM GMT+9\u2069'));
    assert.equal(words.speaker('en')('stop.text', { code: 'علي (a)' }), 'Nothing was sent. Tell your administrator, with this word: \u2068علي (a)\u2069');
    assert.ok(words.speaker('en')('stop.text', { code: 'foreign_root' }).endsWith(': foreign_root'), 'it is copied as it is');
  });
  it('tells a moment to wait for with its zone, and never too early', () => {
    process.env.TZ = 'UTC';
    assert.match(words.later('en', 1_795_338_841, new Date(1_795_338_000_000)), /^9:15\sAM UTC$/);
    assert.match(words.later('de', 1_795_338_840, new Date(1_795_000_000_000)), /^22\. Nov\. 2026.* 09:14 UTC$/);
  });
});

describe('a code', () => {
  it('is the same in every script and width, in groups, and with marks that nobody sees', () => {
    for (const typed of ['123456', '123 456', '123-456', '１２３４５６', '１２３ー４５６', '１２３－４５６', '١٢٣٤٥٦', '۱۲۳۴۵۶', '१२३४५६', '\u2066123456\u2069', '\u200f١٢٣\u00a0٤٥٦', '123\u2011456', '𝟏𝟐𝟑𝟜𝟝𝟞']) assert.equal(plain(typed), '123456', typed);
    assert.equal(plain('８ｑｆ３－0ZKM–v2tc'), '8qf30ZKMv2tc');
  });
  it('is nothing else than what was typed', () => {
    for (const [typed, said] of [['', ''], ['12a', '12a'], ['12.34', '12.34'], ['०९٠٩', '0909']]) assert.equal(plain(typed), said);
  });
});

describe("an administrator's link", () => {
  const good = '#name=alice%40corp.example&pass=8QF3-0ZKM-V2TC';
  it('says for whom it is, and leaves the root', () => {
    assert.deepEqual(link.readLink(good), { link: { name: 'alice@corp.example', pass: '8QF3-0ZKM-V2TC' }, rest: '' });
    assert.deepEqual(link.readLink(`#dr=abc&${good.slice(1)}`), { link: { name: 'alice@corp.example', pass: '8QF3-0ZKM-V2TC' }, rest: '#dr=abc' });
  });
  it('is none where a part is missing or is not what it should be', () => {
    for (const hash of ['', '#', '#dr=abc', '#name=alice', '#pass=8QF3-0ZKM-V2TC', '#name=%ff&pass=8QF3-0ZKM-V2TC', `#name=${'a'.repeat(257)}&pass=8QF3-0ZKM-V2TC`, '#name=a&pass=<script>', '#name=a&pass=short'])
      assert.equal(link.readLink(hash).link, null, hash);
  });
});

describe('the link in a letter', () => {
  const token = `wbn1.01ARZ3NDEKTSV4RRFFQ69G5FAV.${'A'.repeat(43)}`, root = 'b'.repeat(43);
  it('is a secret that leaves, and a root that may stay', () => {
    assert.deepEqual(report.readReport(`#${token}`), { token, rest: '' });
    assert.deepEqual(report.readReport(`#${token}&dr=${root}`), { token, rest: `#dr=${root}` });
  });
  it('is none where anything else stands in it', () => {
    for (const hash of ['', '#', `#dr=${root}`, `#${token}&dr=`, `#${token}&dr=${root}&dr=${root}`, `#${token}&x`, `#x${token}`, `#${token}A`, '#wbn1.x'])
      assert.deepEqual(report.readReport(hash), { token: null, rest: '' }, hash);
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

describe('the administration', () => {
  const base = { scope: 'all', groups: ['CN=A'], methods: ['app_code'], methods_required: 1, brand_colour: '', reconfirm_days: 180, questions_to_register: 5, questions_to_ask: 3 };
  it('asks for every member of the settings once', () => {
    const { properties } = JSON.parse(readFileSync(join(top, '../docs/openapi.json'))).components.schemas.Settings;
    assert.deepEqual(settings.GROUPS.flatMap(({ members }) => members.map(({ name }) => name)).sort(), Object.keys(properties).sort());
  });
  it('puts one\'s changes on top of what somebody else has saved, and names what both have changed', () => {
    const mine = { ...base, scope: 'none', methods_required: 2, groups: ['CN=B'] }, theirs = { ...base, methods_required: 2, groups: [], reconfirm_days: 90 };
    assert.deepEqual(settings.rebased(base, mine, theirs), { draft: { ...theirs, scope: 'none', groups: ['CN=B'] }, both: ['groups'] });
    assert.deepEqual(settings.rebased(base, base, theirs), { draft: theirs, both: [] });
  });
  it('sends lines without blanks, and knows what can\'t be right', () => {
    assert.deepEqual(settings.cleaned({ groups: [' CN=A ', '', '  '], brand_name: ' x ', write_back: true, reconfirm_days: 3 }), { groups: ['CN=A'], brand_name: 'x', write_back: true, reconfirm_days: 3 });
    assert.deepEqual(settings.wrong(base), []);
    for (const bad of [{ reconfirm_days: 731 }, { reconfirm_days: NaN }, { reconfirm_days: 1.5 }, { methods_required: 0 }, { brand_colour: 'red' }, { brand_colour: '#12345' }, { brand_colour: '#0b57b0;' }])
      assert.deepEqual(settings.wrong({ ...base, ...bad }), Object.keys(bad), JSON.stringify(bad));
  });
  it('measures contrast as WCAG does', () => {
    assert.equal(colour.contrast('#000000', '#ffffff'), 21);
    assert.equal(colour.contrast('#777777', '#ffffff').toFixed(2), '4.48');
    assert.deepEqual(colour.judged('#777777'), { ratio: 4.4, enough: false, text: '#000000' });
    assert.deepEqual(colour.judged('#0b57b0')?.enough, true);
    for (const none of ['', '#fff', 'url(x)', '#0b57b0 ']) assert.equal(colour.judged(none), null);
  });
  it('makes of every colour one that can be read, light and dark, and leaves a good one as it is', () => {
    assert.equal(colour.readable('#0b57b0', 'light').main, '#0b57b0');
    assert.equal(colour.readable('#8cbdff', 'dark').main, '#8cbdff');
    for (const one of ['#ffee00', '#ffffff', '#000000', '#777777', '#FF0000', '#00ff00', '#0000ff', '#0b57b0', '#f5f6f8', '#1e2227'])
      for (const [scheme, grounds] of Object.entries(colour.GROUNDS)) {
        const { main, on } = colour.readable(one, scheme);
        assert.match(main, /^#[0-9a-fA-F]{6}$/);
        for (const ground of [...grounds, on]) assert.ok(colour.contrast(main, ground) >= 4.5, `${one} ${scheme}: ${main} on ${ground}`);
      }
  });
  it('measures against the grounds that the pages have', () => {
    const six = (it) => (it.length === 4 ? `#${[...it.slice(1)].map((c) => c + c).join('')}` : it);
    const both = (file, name) => [...readFileSync(join(top, file), 'utf8').matchAll(new RegExp(`--${name}: (#[0-9a-f]+)`, 'g'))].map(([, it]) => six(it)); // light, dark
    const [light, dark] = [0, 1].map((scheme) => [both('src/first.css', 'page')[scheme], both('src/style.css', 'card')[scheme]].sort());
    assert.deepEqual({ light, dark }, { light: [...colour.GROUNDS.light].sort(), dark: [...colour.GROUNDS.dark].sort() });
  });
  it('takes the whole audit away page by page, and knows where that was not all', async () => {
    const asked = [];
    const ask = async (after) => { asked.push(after); return { lines: Array.from({ length: Math.min(2, 5 - after) }, (_, index) => ({ text: String(after + index + 1) })), next: Math.min(5, after + 2) }; };
    assert.deepEqual(await auditing.whole(ask, 5), { lines: ['1', '2', '3', '4', '5'], cut: false });
    assert.deepEqual(asked, [0, 2, 4, 5]);
    assert.deepEqual(await auditing.whole(ask, 4), { lines: ['1', '2', '3', '4'], cut: true });
    assert.deepEqual(await auditing.whole(ask, 3), { lines: ['1', '2', '3'], cut: true });
  });
  it('asks the audit for what is wanted alone, and reads past what is no line', () => {
    assert.equal(auditing.query({ activity: ' user.signed_in ', correlation_id: '', target: '', from: '', to: '' }, 7, 100), 'audit?after=7&limit=100&activity=user.signed_in');
    assert.equal(auditing.query({ activity: 'a&limit=9', correlation_id: '', target: '', from: '2026-11-26T12:00:00.000Z', to: 'never' }, 0, 5), 'audit?after=0&limit=5&activity=a%26limit%3D9&from=2026-11-26T12%3A00%3A00Z');
    const number = '01K9ABCDEFGHJKMNPQRSTVWXYZ';
    for (const typed of [` ${number}\n`, number.toLowerCase(), '01k9 abcd-efgh jkmn pqrs tvwx yz']) assert.equal(auditing.query({ activity: '', correlation_id: typed, target: ' 6f1c ', from: '', to: '' }, 0, 5), `audit?after=0&limit=5&correlation_id=${number}&target=6f1c`);
    assert.equal(auditing.readOut(' a Client-s own '), 'a Client-s own', 'whatever else somebody calls it');
    assert.deepEqual(auditing.more({ seq: 1, correlation_id: number, agent: '', dc: 'dc1', address: '192.0.2.1', details: { cause: 'x' } }), { correlation_id: number, dc: 'dc1', address: '192.0.2.1', cause: 'x' });
    const row = '{"hash":"h","prev":"p","row":{"seq":3,"activity":"a"}}';
    assert.deepEqual(auditing.linesOf(`${row}\n<html>\nnull\n{"row":1}\n{"row":{"seq":"4"}}\n`).map(({ text, row: { seq } }) => [text, seq]), [[row, 3]]);
  });
  it('shows everybody the door that is theirs', () => {
    const me = { administrator: true, frozen: false, level: 2, second: 'email', methods: [{}] };
    const doors = [[me, 'console'], [{ ...me, level: 1 }, 'second'], [{ ...me, level: 1, second: null }, 'register'], [{ ...me, frozen: true }, 'frozen'], [{ ...me, administrator: false }, 'outside'], [null, 'signin']];
    for (const [who, place] of doors) assert.equal(places.placeOf({ stage: 'home', me: who }), place);
    assert.equal(places.placeOf({ stage: 'change', me: null }), 'change');
  });
});

describe('an agent that takes no jobs', () => {
  const said = (reason, more = {}) => agents.why({ state: 'active', ...more }, { reason, draining: false, statement_until: 1, ...more });
  it('has its reason in a word of ours, whatever its directory said', () => {
    const all = { clock_skew: 'clock_skew', roster_expired: 'roster_expired', 'kerberos.clock: clock_skew': 'clock_skew', 'kerberos.keytab: 0644': 'kerberos', 'ldap.starttls: refused': 'tls', 'ldap.bind: 49': 'directory', dc_unreachable: 'directory',
      'password rules: gone': 'rules', 'jobs left open by a former run are not settled yet': 'settling', 'the limit of writes is reached (guardrails.volume)': 'volume', 'constructor': 'other', '<b>': 'other', '': 'other' };
    for (const [reason, word] of Object.entries(all)) assert.equal(said(reason), word, reason);
    assert.equal(said('ldap.bind', { draining: true }), 'draining');
    assert.equal(said('', { state: 'pending' }), 'not_approved');
    assert.equal(said('', { statement_until: null }), 'keys');
  });
  it('every such word is in the catalogue', () => {
    const source = readFileSync(join(top, 'src/admin/console/agents.ts'), 'utf8');
    for (const [, word] of source.matchAll(/\['[\w. ]+', '(\w+)'\]/g)) assert.ok(`why.${word}` in messages('admin/console/messages', 'en'), word);
  });
});

describe('the reasons for a revocation', () => {
  it('are those that the API takes', () => {
    const { enum: all } = JSON.parse(readFileSync(join(top, '../docs/openapi.json'))).components.schemas.RevocationWanted.properties.reason;
    assert.deepEqual([...agents.REVOCATION_REASONS, null], all);
  });
});

describe('the commands by which an agent enrols', () => {
  it('are what docs/INSTALL.md says, and nothing in them is the shell\'s', () => {
    const lines = agents.commands({ token: 'wbe1.A.b-_.C', service: 'https://reset.example.com:8443' }).split('\n');
    assert.deepEqual(lines, [
      "printf '%s\\n' wbe1.A.b-_.C | install -o writeback-agent -m 600 /dev/stdin /run/writeback-token",
      'runuser -u writeback-agent -- writeback-agent enroll --service https://reset.example.com:8443 --token-file /run/writeback-token',
      'rm /run/writeback-token']);
    const { status, stdout } = spawnSync('sh', ['-c', agents.commands({ token: "a'$(id);b", service: 'x' }).split(' | ')[0]], { encoding: 'utf8' });
    assert.deepEqual([status, stdout], [0, "a'$(id);b\n"]);
  });
});

describe('a report', () => {
  const one = { day: '2026-11-24', resets: 2, unlocks: 1, changes: 1, by_administrator: 1, refused: 3, abandoned: 0, blocked: 0 };
  it('has every day of its time, also those without anything', () => {
    const all = reports.everyDay({ from_ms: Date.parse('2026-11-23T00:00:00Z'), to_ms: Date.parse('2026-11-26T05:00:00Z'), days: [one] });
    assert.deepEqual(all.map(({ day }) => day), ['2026-11-23', '2026-11-24', '2026-11-25', '2026-11-26']);
    assert.deepEqual(all.map((day) => reports.valueOf(day, 'done')), [0, 4, 0, 0]);
    assert.equal(reports.asked(7, Date.parse('2026-03-02T01:00:00Z')), 'reports?from=2026-02-24');
  });
  it('is summed up', () => {
    assert.deepEqual(reports.totals([one, { ...one, refused: 1 }]), { ...one, day: '', resets: 4, unlocks: 2, changes: 2, by_administrator: 2, refused: 4 });
    assert.deepEqual(reports.sorted({ b: 1, a: 1, c: 9 }).map(([name]) => name), ['c', 'a', 'b']);
  });
  it('has an axis that ends at a number whose half is whole', () => {
    for (const [most, top] of [[1, 2], [2, 2], [3, 4], [5, 6], [7, 10], [11, 20], [61, 100], [399, 400]]) assert.equal(reports.ceiling(most), top, most);
  });
});

describe('the built pages', async () => {
  const out = join(folder, 'dist');
  await build({ root: top, configFile: join(top, 'vite.config.ts'), logLevel: 'error', build: { outDir: out, emptyOutDir: true } });
  const files = readdirSync(out, { recursive: true }).map(String);
  const sizeOf = (file) => statSync(join(out, `${file}.gz`)).size;
  const textOf = (file) => readFileSync(join(out, file), 'utf8');
  /** What is loaded before a page is whole: what it names, what that names, its worker; of languages the largest. */
  const loaded = (page) => {
    const seen = new Set([page]);
    for (const file of seen) {
      for (const [, name] of textOf(file).matchAll(/(?:from|import|URL\(|href=|src=)\s*["'`](?:\.\/|\/assets\/)([\w.-]+\.(?:js|css))["'`]/g)) seen.add(`assets/${name}`);
      for (const [, name] of textOf(file).matchAll(/\/assets\/([\w.-]*worker[\w.-]*\.js)/g)) seen.add(`assets/${name}`);
    }
    return [...seen];
  };
  const catalogue = Math.max(...files.filter((file) => /assets\/[a-z]{2}-[\w-]{8}\.js$/.test(file)).map(sizeOf));
  for (const [page, most] of [['index.html', 40_000], ['not-me.html', 25_000], ['signin.html', 60_000], ['admin.html', 60_000]]) {
    it(`${page} has less than ${most / 1000} KB to load, compressed`, () => {
      const parts = loaded(page), bytes = parts.reduce((sum, file) => sum + sizeOf(file), 0) + catalogue;
      assert.ok(parts.length > 3 && bytes > 5_000 && bytes < most, `${bytes} bytes: ${parts}`);
      assert.equal(parts.some((file) => file.includes('worker')), page !== 'not-me.html', 'what a page does not need is not loaded');
    });
  }
  it('of somebody who signs in are one program under three names', () => {
    for (const other of ['register.html', 'change.html']) assert.equal(textOf(other), textOf('signin.html'));
  });
  it('are the same bytes of the same sources, and say so', async () => {
    const told = textOf('SHA256SUMS').trimEnd().split('\n').map((line) => line.split('  '));
    assert.deepEqual(told.map(([, file]) => file).sort(), files.filter((file) => file !== 'SHA256SUMS' && statSync(join(out, file)).isFile()).sort());
    for (const [sum, file] of told) assert.equal(createHash('sha256').update(readFileSync(join(out, file))).digest('hex'), sum, file);
    const again = join(folder, 'again');
    await build({ root: top, configFile: join(top, 'vite.config.ts'), logLevel: 'error', build: { outDir: again, emptyOutDir: true } });
    assert.equal(readFileSync(join(again, 'SHA256SUMS'), 'utf8'), textOf('SHA256SUMS'));
  });
  it('have nothing from elsewhere, nothing inline but one style in the head, and everything compressed beside it', () => {
    for (const file of files.filter((name) => /\.(js|css|html)$/.test(name))) {
      assert.ok(files.includes(`${file}.gz`), `${file} is there compressed, too`);
      assert.match(file, /^([\w-]+\.html|assets\/[\w.-]+-[\w-]{8}\.(js|css))$/);
      if (!file.endsWith('.html')) continue;
      const [head, body] = textOf(file).split(/(?=<body)/);
      assert.match(head, /<style>:root\{[^<]*\}<\/style>\n<\/head>\n$/);
      assert.doesNotMatch(head.replace('<style>', '') + body, /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?:/);
    }
  });
});

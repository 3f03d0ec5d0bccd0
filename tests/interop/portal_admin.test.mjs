// The administration pages in the browser people have: an administrator signs in with their second proof, and uses settings, people and audit.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { it } from 'node:test';
import { accessible, act, at, browser, code, directory, focus, forget, idle, narrow, open, pin, PRESENT, refuse, secrets, signIn, stage, tab, tell, text } from './portal_stage.mjs';

secrets.add(PRESENT);
stage();

const has = (selector) => browser.value(`document.querySelector(${JSON.stringify(selector)}) !== null`);
const value = (selector) => browser.value(`document.querySelector(${JSON.stringify(selector)}).value`);
const tick = (name, index) => browser.value(`document.querySelectorAll('[data-member=${name}] input')[${index}].click()`);
/** Never on the page itself, which has no place. */
const focused = (selector, what) => browser.until(`document.activeElement.matches(${JSON.stringify(selector)})`, `the focus: ${what}`);
async function person(name, how) {
  await tab('audit');
  await tab('people');
  await browser.type(name, '[name=person]');
  await browser.click(`[data-do=${how}]`);
  if (how === 'search') await browser.click('#found button');
  await browser.until('document.querySelector("[data-do=back]")', 'the person');
  await idle();
}
const check = async () => {
  await browser.click('[data-do=check]');
  await idle();
};

it('lets in administrators alone, and after their second proof', { timeout: 60_000 }, async () => {
  await forget(`/admin#dr=${pin}`);
  await accessible();
  await signIn('alice@corp.example');
  await at('outside');
  assert.match(await text('main'), /not an administrator/);
  await accessible();
  await browser.click('[data-do=out]');
  await at('out');
  await forget(`/admin#dr=${pin}`);
  await signIn('ada@corp.example');
  await at('second');
  assert.ok(!await has('[data-tab]'));
  await accessible();
  await browser.type('000000', '[name=code]');
  await browser.key('Enter');
  await browser.refused('wrong_answer');
  await browser.type(await code('ada@corp.example'), '[name=code]');
  await browser.key('Enter');
  await at('settings');
  await browser.until('document.querySelector("[data-group=administrators]")', 'the form');
  assert.equal(await browser.value('document.querySelectorAll("[data-member]").length'), 24, 'every member of the document');
  assert.ok(await browser.value('[...document.querySelectorAll("[data-member] .hint")].every((it) => it.innerText.length > 10)'), 'each with its sentence');
  await accessible();
});

it('says who would lose access before anything is saved, and what can\'t be right', { timeout: 60_000 }, async () => {
  await check();
  await browser.until('document.querySelector("[data-news=nothing]")', 'nothing was changed');
  await browser.type('731', '[name=reconfirm_days]');
  await check();
  await browser.until('document.activeElement.name === "reconfirm_days" && document.activeElement.getAttribute("aria-invalid")', 'too much, told beside it');
  await browser.type('365', '[name=reconfirm_days]');
  await browser.type('#ffee00', '[name=brand_colour]');
  await browser.until('document.querySelector("#brand [data-enough=false]")', 'white on yellow');
  await accessible();
  await browser.type('#0b57b0', '[name=brand_colour]');
  await browser.until('document.querySelector("#brand [data-enough=true]")', 'white on blue');
  assert.equal(await browser.value('getComputedStyle(document.querySelector("#brand span")).backgroundColor'), 'rgb(11, 87, 176)');
  const picked = (bytes) => browser.value(`(() => { const files = new DataTransfer(); files.items.add(new File([new Uint8Array(${bytes})], 'logo.png', { type: 'image/png' }));
    const it = document.querySelector('[name=brand_picture]'); it.files = files.files; it.dispatchEvent(new Event('change', { bubbles: true })); })()`);
  await picked(12_300);
  await browser.until('document.querySelector("[name=brand_picture][aria-invalid]")', 'too large, told beside it');
  assert.equal(await value('[name=brand_logo]'), '');
  await accessible();
  await picked(12_200);
  await browser.until('document.querySelector("[name=brand_logo]").value.startsWith("data:image/png;base64,AAAA")', 'the picture itself');
  await browser.until('document.querySelector("#brand img") && !document.querySelector("[name=brand_picture][aria-invalid]")', 'shown');
  await browser.value('(() => { const it = document.querySelector("[name=brand_logo]"); it.value = ""; it.dispatchEvent(new Event("input", { bubbles: true })); })()');
  await tick('methods', 0); // no app any more
  await check();
  await browser.until('document.querySelector("#preview")', 'the preview');
  assert.equal(await focus(), 'H2');
  assert.ok(await browser.value('Number(document.querySelector("#preview").dataset.losing)') > 0, 'who has an app alone');
  assert.deepEqual(await browser.value('[...document.querySelectorAll("[data-change]")].map(({ dataset }) => dataset.change)'), ['methods', 'reconfirm_days', 'brand_colour']);
  await accessible();
  await browser.click('[data-do=edit]');
  await focused('[data-do=check]', 'where the preview came from');
  await tick('methods', 0);
  await check();
  await browser.until('document.querySelector("#preview[data-losing=\\"0\\"]")', 'nobody loses');
});

it('keeps one\'s changes when somebody else was faster, and saves them on top', { timeout: 60_000 }, async () => {
  await tell('two');
  await browser.click('[data-do=save]');
  await browser.until('document.querySelector("[data-rival=\\"0\\"]")', 'the conflict');
  await accessible();
  assert.equal(await value('[name=methods_required]'), '2', 'theirs');
  assert.equal(await value('[name=reconfirm_days]'), '365', 'mine');
  await browser.type('1', '[name=methods_required]');
  await check();
  await browser.click('[data-do=save]');
  await browser.until('document.querySelector("[data-news=saved]")', 'saved');
  await focused('main h1', 'the heading, with the news');
  const put = browser.sent.filter(({ method }) => method === 'PUT').at(-1);
  assert.match(put.headers['if-match'], /^"\d+"$/);
});

it('finds a person, and gives a pass that is shown once', { timeout: 60_000 }, async () => {
  await person('alice@corp.example', 'search');
  assert.ok(await has('#methods [data-method=app_code]'));
  await accessible();
  await browser.click('[data-do=pass]');
  await focused('[data-do=pass-yes]', 'the question');
  await browser.click('[data-do=pass-no]');
  await focused('[data-do=pass]', 'back where it came from');
  await act('pass');
  await focused('#given', 'what is given');
  const pass = await text('#given code');
  assert.match(pass, /^[0-9A-Z]{4}(-[0-9A-Z]{4}){2}$/);
  assert.ok(await has('[data-fact=pass_until]'));
  await accessible();
  await browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await browser.click('[data-do=copy]');
  assert.equal(await browser.until('document.querySelector("#given [role=status]").innerText', 'what became of it'), 'Copied.');
  assert.equal(await browser.value('navigator.clipboard.readText()'), pass);
  await browser.click('[data-do=close]');
  await focused('[data-do=pass]', 'what it was given by');
  assert.ok(!(await text('body')).includes(pass));
  await act('take-pass');
  await focused('main h1', 'the button is gone');
  assert.ok(!await has('[data-fact=pass_until]'));
});

it('sets a temporary password that was made and sealed in the browser', { timeout: 60_000 }, async () => {
  await person('heidi@corp.example', 'lookup');
  directory.length = 0;
  await act('password');
  const password = await text('#given code');
  secrets.add(password);
  assert.deepEqual(directory.splice(0).map(({ set }) => set), [password]);
  await accessible();
  await browser.click('[data-do=close]');
  await act('link');
  await browser.refused('no_mailbox');
});

it('shows a temporary password whose answer is lost once it is known to be set', { timeout: 60_000 }, async () => {
  const sent = [];
  await browser.page.route('**/temporary-password?*', async (route) => {
    sent.push(route.request().postData());
    if (sent.length > 1) return route.continue();
    await route.fetch(); // it is set
    await refuse(route); // and nobody hears of it
  });
  await act('password');
  await browser.page.unroute('**/temporary-password?*');
  const password = await browser.until('document.querySelector("#given code")?.innerText', 'the password');
  secrets.add(password);
  assert.match(await text('#given'), /until the next sign-in/);
  assert.ok(!await has('[data-code=offline]'));
  assert.deepEqual(sent, [sent[0], sent[0]], 'the same was sent again');
  assert.deepEqual(directory.splice(0).map(({ set }) => set), [password], 'which was one job');
  await browser.click('[data-do=close]');
});

it('shows a temporary password whose end nobody knows, and says so', { timeout: 60_000 }, async () => {
  let times = 0;
  await browser.page.route('**/temporary-password?*', async (route) => {
    times += 1;
    if (times === 1) await route.fetch();
    await (times === 2 ? route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"code":"unavailable","detail":"later"}' })
      : times === 3 ? route.fulfill({ status: 401, contentType: 'application/problem+json', body: '{"code":"no_session","detail":"over"}' }) : refuse(route));
  });
  await act('password');
  await browser.page.unroute('**/temporary-password?*');
  const password = await browser.until('document.querySelector("#given code")?.innerText', 'the password');
  secrets.add(password);
  assert.equal(times, 3, 'what says nothing of the job ends the asking');
  assert.match(await text('#given'), /has not said yet whether this password is set/);
  assert.deepEqual(directory.splice(0).map(({ set }) => set), [password]);
  await accessible();
  await browser.click('[data-do=close]');
  await browser.page.route('**/temporary-password?*', (route) => route.fulfill({ status: 409, contentType: 'application/problem+json', body: '{"code":"gone","detail":"too old"}' }));
  await act('password'); // what was surely not taken shows no password
  await browser.page.unroute('**/temporary-password?*');
  await browser.refused('gone');
  assert.ok(!await has('#given'));
});

it('stops and allows self-service, lifts a block, and takes a method away', { timeout: 60_000 }, async () => {
  await person('carol@corp.example', 'lookup');
  await act('freeze');
  await focused('[data-do=thaw]', 'what takes it back');
  await browser.until('document.querySelector("[data-fact=frozen]")');
  await act('password');
  await browser.refused('person_is_frozen');
  await act('thaw');
  await browser.until('!document.querySelector("[data-fact=frozen]")');
  await act('unblock');
  await browser.until('document.querySelector("[data-news=\\"act.unblocked\\"]")');
  await act('remove');
  await browser.until('!document.querySelector("#methods")', 'the method is gone');
  await focused('main h1', 'the heading, with the news');
  await accessible();
});

it('shows hostile names as the text that they are, and nothing is done to one\'s own account', { timeout: 60_000 }, async () => {
  await person('mallory@corp.example', 'lookup');
  assert.equal(await text('[data-fact=display]'), `<img src=x onerror="document.title='owned'"><b>Mallory</b> {name}`);
  assert.ok(!await has('main img, main b'));
  assert.notEqual(await browser.value('document.title'), 'owned');
  await person('ada@corp.example', 'search');
  await act('unblock');
  await browser.refused('own_account');
});

it('goes back to earlier settings', { timeout: 60_000 }, async () => {
  await tab('settings');
  await browser.until('document.querySelector("[data-do=check]")', 'the form');
  await browser.click('[data-do=history]');
  await browser.until('document.querySelectorAll("[data-version]").length > 2');
  await accessible();
  const last = '[data-version]:last-child';
  await browser.click(`${last} [data-do=restore]`);
  await browser.click(`${last} [data-do=restore-yes]`);
  await browser.until('document.querySelector("[data-news=restored]")', 'restored');
  await focused('main h1', 'the heading, with the news');
  assert.notEqual(await value('[name=reconfirm_days]'), '365');
});

it('looks through the audit, watches it, and saves it as it is', { timeout: 60_000 }, async () => {
  await tab('audit');
  await browser.type('password.reset_by_admin', '[name=activity]');
  await browser.click('[data-do=search]');
  await browser.until('document.querySelector("#lines")?.innerText.includes("administrator:6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d55")', 'who set the temporary password');
  const rows = () => browser.value('[...document.querySelectorAll("#lines code")].map((it) => JSON.parse(it.innerText))');
  const { correlation_id: number } = (await rows()).find((one) => one.agent && one.dc && one.correlation_id);
  await browser.type(' ', '[name=activity]');
  await browser.type(`${number.slice(0, 13)} ${number.slice(13)}`.toLowerCase(), '[name=correlation_id]'); // as somebody reads it out
  await browser.click('[data-do=search]');
  await browser.until('document.querySelectorAll("#lines li").length > 1 && document.querySelector("[data-activity=\\"job.settled\\"]")', 'the whole way');
  assert.deepEqual([...new Set((await rows()).map((one) => one.correlation_id))], [number], 'and no other');
  await browser.type('no such number', '[name=correlation_id]');
  await browser.click('[data-do=search]');
  await browser.until('document.querySelectorAll("#lines li").length === 0', 'nothing');
  await browser.type(' ', '[name=correlation_id]');
  await browser.type('account.temporary_pass_issued', '[name=activity]');
  await browser.click('[data-do=search]');
  await browser.until('document.querySelectorAll("#lines li").length === 1', 'that one pass');
  assert.match(await text('#lines'), /administrator:6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d55/);
  await accessible();
  await browser.type('no such thing', '[name=part]');
  await browser.until('document.querySelectorAll("#lines li").length === 0', 'of those none');
  await browser.type(' ', '[name=part]');
  const [file] = await Promise.all([browser.page.waitForEvent('download'), browser.click('[data-do=export]')]);
  await browser.until('document.querySelector("[data-saved=\\"1\\"]")', 'the file');
  assert.equal(file.suggestedFilename(), 'audit.jsonl');
  const line = JSON.parse(readFileSync(await file.path(), 'utf8'));
  assert.equal(line.row.activity, 'account.temporary_pass_issued');
  assert.match(line.hash, /^[0-9a-f]{64}$/);
  assert.ok(await has('[data-cut=false]'));
  await browser.page.route('**/api/v1/audit?*', (route) => route.fulfill({ contentType: 'application/x-ndjson', headers: { 'Audit-Next': '200001' }, body: '{"row":{"seq":1}}\n'.repeat(200_001) }));
  const [cut] = await Promise.all([browser.page.waitForEvent('download'), browser.click('[data-do=export]')]);
  await browser.page.unroute('**/api/v1/audit?*');
  assert.match(await browser.until('document.querySelector("[data-cut=true]")?.innerText', 'that it is not all'), /^200,000 entries are in the file\. There are more, which it does not hold/);
  assert.equal(readFileSync(await cut.path(), 'utf8').split('\n').length, 200_001);
  await browser.ask('Emulation.setTimezoneOverride', { timezoneId: 'Asia/Tokyo' });
  await browser.click('[data-do=search]');
  await browser.until('/ GMT\\+9 /.test(document.querySelector("#lines .hint").innerText)', 'where it is that time');
  assert.deepEqual(await browser.value('["from", "to"].map((name) => document.querySelector(`[name=${name}]`).labels[0].innerText)'), ['From (Asia/Tokyo)', 'Until (Asia/Tokyo)']);
  await browser.ask('Emulation.setTimezoneOverride', { timezoneId: '' });
  await browser.type(' ', '[name=activity]');
  await browser.value('document.querySelector("[type=checkbox]").click()');
  await browser.until('document.querySelectorAll("#lines li").length > 3', 'what happened of late');
  const { token } = await tell('letter dave@corp.example'); // somebody else does something
  await browser.value(`fetch('/api/v1/sspr/not-me', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token: '${token}' }) }).then(({ status }) => status)`);
  await browser.until('[...document.querySelectorAll("#lines [data-activity=\\"account.frozen\\"]")].some((it) => it.innerText.includes("6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d51"))', 'it comes by itself');
  const seen = await browser.value('[...document.querySelectorAll("#lines li")].map(({ dataset }) => Number(dataset.seq))');
  assert.deepEqual(seen, [...new Set(seen)].sort((a, b) => b - a), 'each once, the newest first');
});

it('fits a phone in every language, and goes from right to left in Arabic', { timeout: 120_000 }, async () => {
  const folder = new URL('../../portal/src/admin/console/messages/', import.meta.url);
  for (const file of readdirSync(folder)) {
    const language = file.replace('.json', ''), words = JSON.parse(readFileSync(new URL(file, folder)));
    await open(`/admin?mkt=${language}#dr=${pin}`);
    await at('settings');
    await browser.until(`document.querySelector('[data-tab=settings]').innerText === ${JSON.stringify(words['tab.settings'])}`, language);
    await narrow();
    if (language !== 'ar') continue;
    assert.equal(await browser.value('document.documentElement.dir'), 'rtl');
    await accessible();
    for (const area of ['people', 'audit']) {
      await browser.click(`[data-tab=${area}]`);
      await at(area);
      await accessible();
    }
  }
});

it('speaks German, and ends with the sign-in', { timeout: 60_000 }, async () => {
  await open(`/admin?mkt=de#dr=${pin}`);
  await at('settings');
  assert.match(await text('[data-tab=people]'), /Personen/);
  await browser.click('[data-do=out]'); // also while the form is still on its way
  await at('out');
  assert.equal(await browser.value('sessionStorage.length'), 0);
});

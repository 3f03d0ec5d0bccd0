// The page of a reset in the browser people have, on a phone's screen, against the real service: it is served by it, talks to it and to
// nobody else, and no request of any flow holds the password.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { accessible, arrival, browser, code, directory, focus, forget, narrow, open, pick, pin, refuse, secrets, stage, tell, text, told as beside, url } from './portal_stage.mjs';

const PASSWORD = 'Grüße-Köln "1"\\😀';
for (const one of [PASSWORD, 'Refused-Passw0rd-1']) secrets.add(one);
stage();
const words = (language) => JSON.parse(readFileSync(new URL(`../../portal/src/messages/${language}.json`, import.meta.url)));
const told = (language) => JSON.parse(readFileSync(new URL(`../../service/messages/${language}.json`, import.meta.url)));

async function prove(name, { enter = false } = {}) {
  await browser.screen('name');
  await browser.type(name);
  if (enter) await browser.key('Enter'); else await browser.click('button.main');
  await browser.screen('methods-0');
  await browser.click('[data-method=app_code]');
  await browser.screen('app_code');
  await browser.type(await code(name));
  await browser.click('button.main');
  await browser.screen('choosing');
}
/** As somebody types it whose digits begin with that zero. */
const inScript = (digits, zero) => [...digits].map((one) => String.fromCodePoint(zero.codePointAt(0) + Number(one))).join('');
async function fill(password) {
  await browser.type(password, '[name=new-password]');
  await browser.type(password, '[name=new-password-again]');
}

it('a person resets a password with the app, and it reaches the directory sealed', { timeout: 60_000 }, async () => {
  await forget();
  await accessible();
  await browser.click('button.main');
  await beside('username');
  const since = browser.sent.length;
  await prove('alice@corp.example');
  await accessible();
  assert.equal(await focus(), 'H1');
  await browser.click('[data-choice=reset]');
  await browser.screen('new_password');
  await browser.until('document.querySelector("[data-rule=length].open")');
  await accessible();
  await fill('Short-1');
  await browser.click('button.main');
  await beside('new-password'); // before anybody is asked
  await browser.type('Another-Passw0rd-1', '[name=new-password]');
  await browser.click('button.main');
  await beside('new-password-again');
  await browser.type('Alice-Passw0rd!', '[name=new-password]');
  await browser.until('document.querySelector("[data-rule=length].met") && document.querySelector("[data-rule=name].open")');
  await fill(PASSWORD);
  await browser.until('document.querySelectorAll(".rules .met").length === 3');
  await browser.value('(() => { const button = document.querySelector("button.main"); button.click(); button.click(); })()');
  await browser.screen('done');
  await accessible();
  assert.deepEqual(directory.splice(0), [{ sub: '6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d4e', set: PASSWORD }]);
  assert.match(await browser.value('document.querySelector(".took").innerText'), /answered in \d+\.\d s/);
  assert.equal(browser.sent.filter(({ url: to }) => to.includes('/session/password')).length, 1, 'a double click is one');
  const traces = browser.sent.slice(since).filter(({ url: to }) => to.includes('/api/v1/') && !to.includes('/brand')).map(({ headers }) => headers.traceparent);
  for (const one of traces) assert.match(one, /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  assert.equal(new Set(traces).size, traces.length, 'each request has an id of its own');
  assert.equal(new Set(traces.map((one) => one.slice(3, 35))).size, 1, 'in one trace');
  assert.match(await browser.value('localStorage.getItem("wb-pin default/corp.example")'), new RegExp(pin));
  assert.equal(await browser.value('sessionStorage.length'), 0);
});

it('something is seen before the script has come, and no longer when it has', { timeout: 60_000 }, async () => {
  const coming = 'getComputedStyle(document.querySelector(".coming")).display';
  for (const page of ['/', '/signin', '/register', '/change', '/not-me', '/admin']) {
    await browser.page.route('**/*.js', refuse);
    await browser.go(url + page);
    await browser.until('performance.getEntriesByName("first-contentful-paint").length', page);
    assert.equal(await browser.value(coming), 'block', page);
    await browser.page.unroute('**/*.js');
    await open(page);
    assert.equal(await browser.value(coming), 'none', page);
  }
});

it('each refusal says what it is in the person\'s language, and a reload goes on where it was', { timeout: 60_000 }, async () => {
  await forget();
  await open(`/?mkt=de#dr=${pin}`);
  await browser.screen('name');
  assert.equal(await browser.value('document.documentElement.lang'), 'de');
  await browser.type('bob@corp.example');
  await browser.key('Enter');
  await browser.screen('methods-0');
  await browser.click('[data-method=questions]');
  await browser.screen('questions');
  await accessible();
  await browser.click('main button.plain'); // another way
  await browser.screen('methods-0');
  await browser.click('[data-method=app_code]');
  await browser.screen('app_code');
  await browser.type('000000');
  await browser.key('Enter');
  assert.match(await browser.refused('wrong_answer'), /Das ist nicht richtig/);
  assert.equal(await focus(), 'INPUT');
  await browser.page.reload();
  await browser.screen('app_code');
  await browser.type(inScript(await code('bob@corp.example'), '０'));
  await browser.key('Enter');
  await browser.screen('choosing');
  await browser.click('[data-choice=reset]');
  await browser.screen('new_password');
  await fill('Refused-Passw0rd-1');
  await browser.key('Enter');
  await browser.refused('password_refused');
  await browser.screen('new_password');
  await accessible();
  await browser.click('.row button');
  await browser.until('document.querySelector("[name=new-password]").value.length > 11 && document.querySelector("[name=new-password]").type === "text"', 'a suggestion');
  const made = await browser.value('document.querySelector("[name=new-password]").value');
  await browser.click('button.main');
  await browser.screen('done');
  assert.deepEqual(directory.splice(0).map(({ set }) => set), ['Refused-Passw0rd-1', made]);
  assert.ok(browser.sent.every(({ body }) => !body.includes(made)));
});

it('without a network nothing is lost, and an unlock writes no password', { timeout: 60_000 }, async () => {
  await forget();
  await prove('carol@corp.example', { enter: true });
  await browser.offline(true);
  await browser.click('[data-choice=unlock]');
  await browser.refused('offline');
  await accessible();
  await browser.offline(false);
  await browser.click('[data-code=offline] button');
  await browser.screen('choosing');
  await browser.click('[data-choice=unlock]');
  await browser.screen('done');
  assert.deepEqual(directory.splice(0).map(({ unlocked, set }) => [unlocked, set]), [[true, undefined]]);
});

it('a reload while the directory is asked waits on, and sends nothing twice', { timeout: 60_000 }, async () => {
  await forget();
  await prove('erin@corp.example');
  await browser.click('[data-choice=reset]');
  await browser.screen('new_password');
  await fill(PASSWORD);
  const before = browser.sent.length;
  void browser.click('button.main');
  await new Promise((resolve) => { arrival.came = resolve; });
  await browser.until('document.querySelector("main").dataset.busy === "write" && document.querySelector("[role=status].waiting").innerText', 'what is being waited for');
  await browser.page.reload();
  await browser.until('document.querySelector("main")?.dataset.screen === "writing"', 'the waiting goes on');
  await accessible();
  await tell('go');
  await browser.screen('done');
  assert.deepEqual(directory.splice(0).map(({ set }) => set), [PASSWORD]);
  assert.equal(browser.sent.slice(before).filter(({ url: to }) => to.includes('/session/password')).length, 1);
});

it('a link with another root stops everything, and what the browser knew stays', { timeout: 60_000 }, async () => {
  await forget();
  const name = 'wb-pin default/corp.example', known = JSON.stringify({ dr: pin, rsn: 1 });
  await browser.value(`localStorage.setItem(${JSON.stringify(name)}, ${JSON.stringify(known)})`);
  await open(`/#dr=${'A'.repeat(43)}`);
  await prove('dave@corp.example');
  await browser.click('[data-choice=reset]');
  await browser.screen('stopped');
  await browser.refused('pin_contradiction');
  await accessible();
  await browser.click('#anew');
  await browser.screen('stopped'); // and not where it begins: what was proven stays proven
  assert.equal(await browser.value(`localStorage.getItem(${JSON.stringify(name)})`), known);
  await open('/#dr=broken');
  await browser.refused('pin_malformed');
  await forget();
  await open('/');
  await browser.until('document.querySelector(".notice")', 'a browser without any root is told at once');
  await accessible();
  assert.equal(directory.length, 0);
});

it('a pass that a helpdesk has told is typed instead of a method', { timeout: 60_000 }, async () => {
  const { pass } = await tell('pass dave@corp.example');
  await forget();
  await browser.type('dave@corp.example');
  await browser.click('button.main');
  await browser.screen('methods-0');
  await browser.click('[data-method=pass]');
  await browser.screen('pass');
  await accessible();
  await browser.type('too short');
  await browser.click('button.main');
  await beside('code'); // what a pass looks like
  await browser.type('0000-0000-0000');
  await browser.click('button.main');
  await browser.refused('wrong_answer');
  await browser.type(pass.toLowerCase());
  await browser.click('button.main');
  await browser.screen('choosing');
});

it("an administrator's link goes straight to the choice, and leaves the address bar at once", { timeout: 60_000 }, async () => {
  const { pass } = await tell('link dave@corp.example');
  await forget();
  await open(`/#dr=${pin}&name=dave%40corp.example&pass=${pass}`);
  await browser.until(`document.querySelector("[name=username]").value === "dave@corp.example"`, 'the name');
  assert.equal(await browser.value('location.hash'), `#dr=${pin}`);
  await accessible();
  await browser.click('button.main');
  await browser.screen('choosing');
  assert.ok(browser.sent.every(({ url: to }) => !to.includes(pass)), 'only a body holds it');
  await open(`/#dr=${pin}&name=dave%40corp.example&pass=${pass}`);
  await browser.until(`document.querySelector("[name=username]").value === "dave@corp.example"`, 'the name');
  await browser.click('button.main');
  await browser.refused('wrong_answer');
  await browser.screen('pass');
});

it('where two ways are asked for, the second follows the first', { timeout: 60_000 }, async () => {
  await tell('two');
  await forget();
  await browser.screen('name');
  await browser.type('frank@corp.example');
  await browser.click('button.main');
  await browser.screen('methods-0');
  assert.match(await browser.value('document.querySelector(".step").innerText'), /1 of 2/);
  await browser.click('[data-method=questions]');
  await browser.screen('questions');
  await browser.click('button.main');
  await browser.until('document.activeElement === document.querySelector(".field input[aria-invalid]")', 'every question wants an answer');
  const answer = async (text) => {
    for (const id of await browser.value('[...document.querySelectorAll(".field input")].map((field) => field.name)')) await browser.type(text(id), `[name="${id}"]`);
    await browser.click('button.main');
  };
  await answer(() => 'no such answer');
  await browser.refused('wrong_answer');
  await answer((id) => `answer ${id}`);
  await browser.screen('methods-1');
  await accessible();
  assert.ok(await browser.value('!document.querySelector("[data-method=questions]")'), 'what is passed is not offered again');
  await browser.click('[data-method=app_code]');
  await browser.screen('app_code');
  await browser.type(await code('frank@corp.example'));
  await browser.key('Enter');
  await browser.screen('choosing');
  await browser.click('#help');
  await browser.until('document.querySelector("#helped")?.innerText', 'an administrator was asked');
  await accessible();
  await browser.click('#again');
  await browser.screen('name');
  assert.ok(browser.sent.some(({ method }) => method === 'DELETE'), 'who gives up ends the session');
});

it('a session that has ended is told, and forgotten', { timeout: 60_000 }, async () => {
  await forget();
  await browser.value('sessionStorage.setItem("wb-reset", JSON.stringify({ token: `wbs1.01ARZ3NDEKTSV4RRFFQ69G5FAV.${"A".repeat(43)}`, name: "dave@corp.example" }))');
  await browser.page.reload();
  await browser.screen('ended');
  await accessible();
  await browser.refused('no_session');
  assert.equal(await text('#correlation'), '01ARZ3NDEKTSV4RRFFQ69G5FAV', 'a helpdesk finds what it was');
  assert.equal(await browser.value('sessionStorage.length'), 0);
  await browser.click('#again');
  await browser.screen('name');
  await browser.value('sessionStorage.setItem("wb-reset", "{damaged")');
  await browser.page.reload();
  await browser.screen('name');
});

it('from right to left as well: a reset in Arabic', { timeout: 60_000 }, async () => {
  await tell('one');
  await forget(`/?mkt=ar#dr=${pin}`);
  assert.deepEqual(await browser.value('[document.documentElement.lang, document.documentElement.dir]'), ['ar', 'rtl']);
  assert.equal(await text('h1'), words('ar')['name.heading']);
  await accessible();
  assert.ok(await browser.value('document.querySelector("main label").getBoundingClientRect().right > innerWidth / 2'), 'it begins at the right');
  await browser.screen('name');
  await browser.type('judy@corp.example');
  await browser.key('Enter');
  await browser.screen('methods-0');
  await accessible();
  await browser.click('[data-method=app_code]');
  await browser.screen('app_code');
  await browser.type('000000');
  await browser.key('Enter');
  await browser.refused('wrong_answer');
  assert.equal(await browser.value('document.querySelector(".refused p").lang'), 'ar', 'it comes from the service, and in Arabic');
  assert.equal(await text('.refused p'), told('ar')['refusal.wrong_answer']);
  await accessible();
  await browser.type(inScript(await code('judy@corp.example'), '٠'));
  await browser.key('Enter');
  await browser.screen('choosing');
  await accessible();
  await browser.click('[data-choice=reset]');
  await browser.screen('new_password');
  await browser.until('document.querySelector("[data-rule=length].open")');
  await accessible();
  await fill(PASSWORD);
  await browser.click('button.main');
  await browser.screen('done');
  await accessible();
  assert.deepEqual(directory.splice(0).map(({ set }) => set), [PASSWORD]);
});

it('each language comes when it is chosen, alone, and English stays where it does not come', { timeout: 60_000 }, async () => {
  await forget();
  const languages = await browser.value('[...document.querySelectorAll(".languages option")].map(({ value }) => value)');
  assert.equal(languages.length, 12);
  const before = browser.sent.length;
  for (const language of languages.filter((one) => one !== 'en')) {
    await pick(language);
    await browser.until(`document.documentElement.lang === '${language}' && document.querySelector('h1').innerText === ${JSON.stringify(words(language)['name.heading'])}`, language);
    await narrow();
  }
  const fetched = browser.sent.slice(before).map(({ url: to }) => to.slice(to.lastIndexOf('/') + 1, to.lastIndexOf('/') + 4));
  assert.deepEqual(fetched, languages.filter((one) => one !== 'en').map((one) => `${one}-`), 'one file for each, and none before it is wanted');
  await browser.page.route('**/assets/fr-*', refuse);
  await open(`/?mkt=fr#dr=${pin}`);
  assert.deepEqual([await text('h1'), await browser.value('document.documentElement.lang')], [words('en')['name.heading'], 'en']);
  await browser.page.unroute('**/assets/fr-*');
});

it('a language that is chosen in the middle of a reset is the questions\' and the refusals\', too', { timeout: 60_000 }, async () => {
  await forget();
  await browser.screen('name');
  await browser.type('bob@corp.example');
  await browser.click('button.main');
  await browser.screen('methods-0');
  await browser.click('[data-method=questions]');
  await browser.screen('questions');
  const asked = () => browser.value('[...document.querySelectorAll(".field")].map((it) => [it.querySelector("input").name, it.querySelector("label").innerText, it.querySelector("label").lang, it.querySelector("label").dir])');
  const said = (language) => (all) => all.map(([id]) => [id, told(language)[`question.${id}`], language, 'auto']);
  assert.deepEqual(await asked(), said('en')(await asked()));
  await browser.type('kept', '.field input');
  await pick('ar');
  await browser.until('document.querySelector(".field label").lang === "ar"', 'the questions again');
  assert.deepEqual(await asked(), said('ar')(await asked()));
  assert.equal(await browser.value('document.querySelector(".field input").value'), 'kept');
  await accessible();
  for (const [id] of await asked()) await browser.type('no such answer', `[name="${id}"]`);
  await browser.click('button.main');
  await browser.refused('wrong_answer');
  assert.deepEqual(await browser.value('[document.querySelector(".refused p").innerText, document.querySelector(".refused p").lang]'), [told('ar')['refusal.wrong_answer'], 'ar']);
});

it('an administrator\'s link leaves the address bar before a language is waited for', { timeout: 60_000 }, async () => {
  let go;
  const held = new Promise((now) => { go = now; });
  await browser.page.route('**/assets/fr-*', (route) => held.then(() => route.continue()));
  await browser.go(`${url}/?mkt=fr#dr=${pin}&name=alice%40corp.example&pass=8QF3-0ZKM-V2TC`);
  await browser.until(`document.readyState === 'complete' && location.hash === '#dr=${pin}'`);
  assert.equal(await browser.value('document.querySelector("main")'), null, 'nothing is shown yet');
  go();
  await browser.screen('name');
  await browser.until(`document.querySelector('[name=username]').value === 'alice@corp.example'`);
  assert.equal(await text('.lead'), words('fr')['name.linked']);
  await browser.value(`void (location.hash = 'dr=${pin}&name=bob%40corp.example&pass=8QF3-0ZKM-V2TC')`); // another link in the same tab
  await browser.until(`location.hash === '#dr=${pin}' && document.querySelector('[name=username]').value === 'bob@corp.example'`);
});

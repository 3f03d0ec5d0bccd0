// Signing in, changing one's password and one's own methods, in the browser people have, against the real service.
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import jsqr from 'jsqr';
import { shownBy } from './authenticator.mjs';
import { Mailbox } from './mailbox.mjs';
import { accessible, arrival, at, browser, code, directory, focus, forget, open, pin, PRESENT, refuse, secrets, signIn, stage, tell, text, told } from './portal_stage.mjs';

const WRONG = 'Wrong-Passw0rd-1', REFUSED = 'Refused-Passw0rd-1', NEXT = 'Grüße-Köln "1"\\😀';
for (const one of [PRESENT, WRONG, REFUSED, NEXT]) secrets.add(one);
const mailbox = new Mailbox();
after(() => mailbox.close());
stage(async () => [String(await mailbox.open())]);

const has = (selector) => browser.value(`document.querySelector(${JSON.stringify(selector)}) !== null`);
const sent = (part) => browser.sent.filter(({ url, method }) => method === 'POST' && url.includes(part)).length;
async function change(old, fresh) {
  await at('change');
  await browser.type(old, '[name=old-password]');
  await browser.type(fresh, '[name=new-password]');
  await browser.type(fresh, '[name=new-password-again]');
  await browser.click('button.main');
}
const codeIn = (letter) => /^\d{8}\r?$/m.exec(letter.slice(letter.indexOf('\r\n\r\n')))[0].trim();
/** What somebody else's reader sees in the page's QR code. */
async function scanned() {
  const { size, path } = await browser.value('(() => { const it = document.querySelector("svg.qr"); return { size: it.viewBox.baseVal.width, path: it.querySelector("path").getAttribute("d") }; })()');
  const scale = 4, width = size * scale, pixels = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h1v1h-1z/g))
    for (let dot = 0; dot < scale * scale; dot += 1) pixels.fill(0, 4 * ((y * scale + Math.floor(dot / scale)) * width + x * scale + (dot % scale)), 4 * ((y * scale + Math.floor(dot / scale)) * width + x * scale + (dot % scale)) + 3);
  return jsqr(pixels, width, width)?.data;
}

it('a person signs in where an invitation leads, and registers an app that has shown that it works', { timeout: 60_000 }, async () => {
  await forget(`/register#dr=${pin}`);
  await accessible();
  await browser.click('button.main');
  await browser.until('document.querySelectorAll("[aria-invalid]").length === 2', 'name and password are wanted');
  await told('username');
  await accessible();
  await signIn('heidi@corp.example', WRONG);
  assert.match(await browser.refused('sign_in_failed'), /do not fit together/);
  assert.ok(browser.sent.at(-1).headers.authorization.startsWith(`Bearer wbp1.${await text('#correlation')}.`), 'a helpdesk finds it by this number');
  await accessible();
  assert.deepEqual(await browser.value('[...document.querySelectorAll("input")].map(({ value }) => value)'), ['heidi@corp.example', ''], 'the name stays');
  assert.equal(await browser.value('sessionStorage.length'), 0, 'nobody is signed in');
  await browser.type(PRESENT, '[name=password]');
  const before = sent('/sign-in/password');
  await browser.value('(() => { const button = document.querySelector("button.main"); button.click(); button.click(); })()');
  await at('home');
  assert.equal(sent('/sign-in/password'), before + 1, 'a double click is one');
  assert.equal(sent('/sign-ins'), 1, 'the second try was the same sign-in');
  assert.deepEqual(directory.splice(0).map(({ tried }) => tried), [WRONG, PRESENT]);
  assert.match(await text('.progress'), /1 more way is needed/);
  assert.equal(await focus(), 'H1');
  await accessible();

  await browser.click('[data-add=app_code]');
  await at('app_code');
  await accessible();
  const key = (await text('#key')).replace(/ /g, '');
  const uri = await browser.value('document.querySelector("main a").href');
  assert.equal(await scanned(), uri);
  assert.ok(uri.startsWith('otpauth://totp/') && uri.includes(`secret=${key}`));
  await browser.type('12');
  await browser.key('Enter');
  await browser.until('document.querySelector("[aria-invalid]")', 'that is no code, which nobody is asked about');
  await told('code');
  await browser.type(String((Number(shownBy(key)) + 500_000) % 1e6).padStart(6, '0'));
  await browser.key('Enter');
  await browser.refused('wrong_answer');
  assert.equal(await focus(), 'INPUT');
  await browser.type(shownBy(key));
  await browser.key('Enter');
  await at('home');
  assert.match(await text('[role=status] .good'), /registered/);
  assert.match(await text('.progress'), /All that is needed/);
  await accessible();
  await browser.page.reload();
  await at('home');
  assert.ok(await has('.own [data-method=app_code]'), 'a reload goes on');
});

it('an address is registered by a code, and never one of the organisation', { timeout: 60_000 }, async () => {
  await open(`/signin?mkt=de#dr=${pin}`);
  await at('home'); // the tab is signed in
  await browser.click('[data-add=email]');
  await at('email');
  await accessible();
  await browser.type('heidi@corp.example', '[name=address]');
  await browser.key('Enter');
  assert.match(await browser.refused('email_inside'), /gehört/);
  await browser.type('heidi@home.example', '[name=address]');
  await browser.key('Enter');
  await browser.until('document.querySelector("[name=code]")');
  await accessible();
  const digits = codeIn(await mailbox.to('heidi@home.example'));
  await browser.offline(true);
  await browser.type(digits);
  await browser.key('Enter');
  await browser.refused('offline');
  await browser.offline(false);
  await browser.click('[data-code=offline] button');
  await at('email');
  await browser.key('Enter');
  await browser.click('button.main');
  await at('home');
  assert.ok(await has('.own [data-method=email]'));
  assert.match(await mailbox.to('heidi@home.example'), /Subject/, 'the news of it goes there, too');

  await open(`/#dr=${pin}`); // and is good for a reset
  await browser.screen('name');
  await browser.type('heidi@corp.example');
  await browser.key('Enter');
  await browser.screen('methods-0');
  await browser.click('[data-method=email]');
  await browser.screen('email');
  await accessible();
  await browser.type(codeIn(await mailbox.to('heidi@home.example')));
  await browser.key('Enter');
  await browser.screen('choosing');
});

it('answers are told apart from what is none, and take the place of earlier ones', { timeout: 60_000 }, async () => {
  await open(`/signin#dr=${pin}`);
  await at('home');
  await browser.click('[data-add=questions]');
  await at('questions');
  await browser.click('button.main');
  await browser.until('document.querySelectorAll("[aria-invalid]").length === 3', 'all of them are wanted');
  await told('answer-1');
  await accessible();
  for (let row = 1; row <= 3; row += 1) {
    await browser.value(`(() => { const it = document.querySelector('[name=question-${row}]'); it.value = it.options[${row}].value; it.dispatchEvent(new Event('change', { bubbles: true })); })()`);
    await browser.type(row === 2 ? 'no' : `What nobody knows ${row}`, `[name=answer-${row}]`);
  }
  assert.ok(await browser.value('(() => { const chosen = document.querySelector("[name=question-1]").value; return [...document.querySelector("[name=question-2]").options].every(({ value }) => value !== chosen); })()'), 'each question once');
  await browser.click('button.main');
  await browser.refused('answers_too_short');
  await told('answer-2');
  await accessible();
  await browser.type('Something longer', '[name=answer-2]');
  await browser.click('button.main');
  await at('home');
  assert.equal(await browser.value('document.querySelectorAll(".own li").length'), 3);
});

it('a method is removed once that is confirmed, and signing out ends it', { timeout: 60_000 }, async () => {
  await open(`/signin#dr=${pin}`);
  await at('home');
  await browser.click('.own [data-method=app_code] [data-do=remove]');
  await accessible();
  await browser.click('[data-do=no]');
  assert.ok(await has('.own [data-method=app_code]'));
  await browser.click('.own [data-method=app_code] [data-do=remove]');
  await browser.click('[data-do=yes]');
  await browser.until('!document.querySelector(".own [data-method=app_code]") && document.activeElement.className === "good"', 'it is gone, and the news has the focus');
  await browser.click('[data-do=out]');
  await at('out');
  assert.ok(!await has('#correlation'));
  await accessible();
  assert.equal(await browser.value('sessionStorage.getItem("wb-signed-in")'), null);
  await browser.page.reload();
  await at('signin');
});

it('a password that must be changed is changed first, and the directory says what it does not take', { timeout: 60_000 }, async () => {
  await forget(`/signin#dr=${pin}`);
  await signIn('grace@corp.example');
  await at('change');
  assert.match(await text('.notice'), /must be changed|change/i);
  assert.match(await text('#correlation'), /^[0-9A-Z]{26}$/);
  await accessible();
  await browser.click('button.main');
  await browser.until('document.querySelectorAll("[aria-invalid]").length === 2', 'both are wanted');
  await told('old-password');
  await browser.click('#suggest');
  assert.ok(await browser.value('document.querySelector("[name=new-password]").value.length > 15'));
  await browser.until('document.querySelectorAll(".rules [data-rule]").length === 5', 'what is asked for: length, kinds, name, history, no banned words');
  await change(PRESENT, 'Short-1');
  await browser.until('document.querySelector("[name=new-password][aria-invalid]")', 'what is surely refused goes nowhere');
  assert.ok(await has('[data-rule=length].open') && await has('[data-rule=kinds].met'));
  await change(PRESENT, REFUSED);
  await browser.refused('password_refused');
  await accessible();
  await change(PRESENT, PRESENT);
  await browser.until('document.querySelector("[name=new-password][aria-invalid]")', 'the same is none');
  await told('new-password');
  await change(PRESENT, NEXT);
  await at('changed');
  await accessible();
  await browser.click('button.main');
  await signIn('grace@corp.example', NEXT);
  await at('home');
  assert.deepEqual(directory.splice(0).map(({ tried, old, set }) => tried ?? [old, set]), [PRESENT, [PRESENT, REFUSED], [PRESENT, NEXT], NEXT]);
});

it('a change whose answer is lost is told as what it is, and one that was not sent is not', { timeout: 60_000 }, async () => {
  await forget(`/change#dr=${pin}`);
  await signIn('ivan@corp.example');
  await at('change');
  await browser.page.route('**/sign-in/change*', refuse);
  await change(PRESENT, NEXT);
  await browser.refused('offline');
  await accessible();
  await browser.page.unroute('**/sign-in/change*');
  await browser.click('[data-code=offline] button');
  await browser.refused('change_unknown');
  await at('change');
  await browser.offline(true); // what was offered was used: whom to seal to is asked anew, and that alone is lost
  await browser.click('button.main');
  await browser.refused('offline');
  await browser.offline(false);
  await browser.click('[data-code=offline] button');
  await browser.until('!document.querySelector("[data-code=offline]") && !document.querySelector("main").dataset.busy', 'looked');
  await at('change');
  assert.ok(!await has('[data-code=change_unknown]'));
  await browser.click('button.main');
  await at('changed');
  assert.deepEqual(directory.splice(0).map(({ tried, old, set }) => tried ?? [old, set]), [PRESENT, [PRESENT, NEXT]]);
  await browser.click('button.main');
  await at('home');
});

it('a reload while the directory is asked waits for it, and sends nothing twice', { timeout: 60_000 }, async () => {
  await forget(`/change#dr=${pin}`);
  await signIn('erin@corp.example');
  const arrived = new Promise((came) => { arrival.came = () => { if (directory.some(({ old }) => old)) came(); }; });
  const before = sent('/sign-in/change');
  await change(PRESENT, NEXT);
  await arrived;
  await browser.until('document.querySelector("main").dataset.busy === "write"');
  await browser.page.reload();
  await browser.until('document.querySelector("main")?.dataset.screen === "opening"');
  await accessible();
  await tell('go');
  await at('change');
  assert.equal(sent('/sign-in/change'), before + 1);
  assert.deepEqual(directory.splice(0).map(({ tried, old, set }) => tried ?? [old, set]), [PRESENT, [PRESENT, NEXT]]);
});

it('an administrator proves an app first, and is not offered questions', { timeout: 60_000 }, async () => {
  await forget(`/signin#dr=${pin}`);
  await signIn('ada@corp.example');
  await at('home');
  await accessible();
  assert.ok(!await has('[data-add]') && !await has('[data-do=remove]') && !await has('[data-do=confirm]'));
  await browser.click('[data-do=second]');
  await at('second');
  await accessible();
  await browser.type('000000');
  await browser.key('Enter');
  await browser.refused('wrong_answer');
  await browser.type(await code('ada@corp.example'));
  await browser.key('Enter');
  await at('home');
  assert.deepEqual(await browser.value('[...document.querySelectorAll("[data-add]")].map(({ dataset }) => dataset.add)'), ['app_code', 'email']);
  assert.ok(!await has('[data-do=confirm]'), 'one method is missing: that comes first');
});

it('who has registered long ago is asked whether it is still right', { timeout: 60_000 }, async () => {
  await forget(`/signin#dr=${pin}`);
  await signIn('carol@corp.example');
  await at('home');
  await browser.until('document.querySelector("[data-do=confirm]")', 'the question');
  await accessible();
  await browser.click('[data-do=confirm]');
  await browser.until('!document.querySelector("[data-do=confirm]")', 'it is confirmed');
});

it('who is frozen looks, and changes nothing', { timeout: 60_000 }, async () => {
  await open(`/not-me#${(await tell('letter bob@corp.example')).token}`);
  await browser.click('#report');
  await at('stopped');
  await forget(`/signin#dr=${pin}`);
  await signIn('bob@corp.example');
  await at('home');
  await accessible();
  assert.match(await text('.notice'), /Misuse/);
  assert.ok(await has('.own [data-method=app_code]'));
  assert.ok(!await has('[data-add]') && !await has('[data-do=remove]') && !await has('[data-do=confirm]'));

  await open(`/#dr=${pin}`); // and a reset is over once its owner has proven something
  await browser.screen('name');
  await browser.type('bob@corp.example');
  await browser.key('Enter');
  await browser.screen('methods-0');
  await browser.click('[data-method=app_code]');
  await browser.screen('app_code');
  await browser.type(await code('bob@corp.example'));
  await browser.key('Enter');
  await browser.screen('over');
  await browser.refused('frozen');
  await accessible();
});

it('in another program\'s window, in Arabic', { timeout: 60_000 }, async () => {
  await forget(`/signin?embedded=1&mkt=ar#dr=${pin}`);
  await accessible();
  assert.ok(await browser.value('document.querySelector(".whose").offsetParent === null && document.querySelector(".languages select").offsetParent !== null && document.documentElement.dir === "rtl"'));
  await signIn('dave@corp.example');
  await at('home');
  await accessible();
  for (const kind of ['app_code', 'email', 'questions']) {
    await browser.click(`[data-add=${kind}]`);
    await at(kind);
    await accessible();
    assert.ok(!await has('main a'), 'nothing leads out of the window');
    await browser.click('#back');
    await at('home');
  }
  await browser.click('[data-do=change]');
  await at('change');
  await accessible();
});

it('an administrator with a mailbox alone proves it by a mailed code, and one with questions alone may register an app', { timeout: 60_000 }, async () => {
  await forget(`/register#dr=${pin}`);
  await signIn('mia@corp.example');
  await at('home');
  assert.ok(!await has('[data-add]'), 'nothing is changed before the second proof');
  await accessible();
  await browser.click('[data-do=second]');
  await at('second');
  await accessible();
  assert.ok(!await has('[name=code]'), 'nothing was sent that nobody has asked for');
  await browser.click('[data-do=mail]');
  await browser.until('document.querySelector("[name=code]")', 'the field for the code');
  await accessible();
  await browser.type('00000000', '[name=code]');
  await browser.key('Enter');
  await browser.refused('wrong_answer');
  await browser.type(codeIn(await mailbox.to('mia@home.example')), '[name=code]');
  await browser.key('Enter');
  await at('home');
  await browser.until('document.querySelector("[data-add=app_code]")', 'an app may be added');
  assert.ok(!await has('[data-do=second]'));
  await forget(`/register#dr=${pin}`);
  await signIn('quinn@corp.example');
  await at('home');
  assert.ok(!await has('[data-do=second]'), 'answers are no second proof');
  await browser.click('[data-add=app_code]');
  await at('app_code');
  await browser.type(shownBy((await text('#key')).replace(/ /g, '')));
  await browser.key('Enter');
  await at('home');
  assert.ok(await has('[data-method=app_code]'));
  assert.ok(await has('[data-do=second]'), 'from now on there is one');
});

it('a sign-in that is over is told, and a root that is not believed stops everything', { timeout: 60_000 }, async () => {
  await forget(`/signin#dr=${pin}`);
  await browser.value('sessionStorage.setItem("wb-signed-in", JSON.stringify({ token: `wbp1.01ARZ3NDEKTSV4RRFFQ69G5FAV.${"A".repeat(43)}`, name: "ivan@corp.example" }))');
  await browser.page.reload();
  await browser.refused('no_session');
  await at('signin');
  assert.equal(await text('#correlation'), '01ARZ3NDEKTSV4RRFFQ69G5FAV', 'it is over, and can still be asked about');
  await accessible();
  assert.equal(await browser.value('document.querySelector("[name=username]").value'), 'ivan@corp.example');
  assert.equal(await browser.value('sessionStorage.length'), 0);
  await forget(`/signin#dr=${'A'.repeat(43)}`);
  directory.length = 0;
  await signIn('alice@corp.example');
  await at('stopped');
  await browser.refused('foreign_root');
  await accessible();
  assert.equal(directory.length, 0, 'nothing was sent');
  await browser.click('#anew');
  await at('signin');
  await forget('/signin');
  await browser.until('document.querySelector(".notice")', 'a browser without any root is told at once');
});

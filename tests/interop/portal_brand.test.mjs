// The organisation's look on the pages of its people, against the real service: from the first screen on, readable whatever colour was chosen,
// and without a question to anybody else.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { accessible, browser, forget, open, pin, PRESENT, secrets, stage, tell, url } from './portal_stage.mjs';

secrets.add(PRESENT);
stage();
const NOBODY = { name: '', text: '', colour: '', logo: '', helpdesk: '' };
const CONTOSO = {
  name: 'Contoso & Söhne', colour: '#ffee00', helpdesk: 'mailto:help@corp.example', // no text can be read in that yellow, or in white on it
  text: '<b>Helpdesk</b>: 8–18',
  logo: 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
};
const ANOTHER_ROOT = 'A'.repeat(43);
async function wear(brand) {
  await tell(`brand ${JSON.stringify(brand)}`);
  await browser.ask('Network.clearBrowserCache'); // it keeps a look for a while
}
const shown = () => browser.value(`(() => {
  const logo = document.querySelector('header img');
  return { name: document.querySelector('header strong')?.innerText ?? '', text: document.querySelector('footer #own-text')?.innerText ?? '', logo: Boolean(logo?.complete && logo.naturalWidth), helpdesk: document.querySelector('#helpdesk')?.getAttribute('href') ?? '',
    button: getComputedStyle(document.querySelector('button.main')).backgroundColor };
})()`);
const ours = { name: '', text: '', logo: false, helpdesk: '', button: 'rgb(11, 87, 176)' };
const dressed = () => browser.until('document.querySelector("header img")?.naturalWidth && document.querySelector("header strong")', 'the look');

it('nobody\'s look is the pages\' own', { timeout: 60_000 }, async () => {
  await wear(NOBODY);
  await forget();
  await browser.until('performance.getEntriesByType("resource").some(({ name }) => name.includes("/sspr/brand"))', 'asked');
  assert.deepEqual(await shown(), ours);
});

it('every page of a person has the organisation\'s name, logo, helpdesk and colour, as far as that can be read', { timeout: 60_000 }, async () => {
  await wear(CONTOSO);
  for (const page of ['/', '/register', '/signin', '/change']) {
    await forget(`${page}#dr=${pin}`);
    await dressed();
    const { button, ...rest } = await shown();
    assert.deepEqual(rest, { name: CONTOSO.name, text: CONTOSO.text, logo: true, helpdesk: CONTOSO.helpdesk }, page);
    assert.ok(![ours.button, 'rgb(255, 238, 0)'].includes(button), `darker than the yellow: ${button}`);
    await browser.until('document.title.endsWith(" – Contoso & Söhne")', 'the title');
    await accessible();
  }
});

it('the page behind "this wasn\'t me" has it by the root in its link, which is all that stays in the address bar', { timeout: 60_000 }, async () => {
  const { token } = await tell('letter alice@corp.example');
  await forget(`/not-me#${token}&dr=${pin}`);
  await browser.screen('ask');
  await dressed();
  const { button, ...rest } = await shown();
  assert.deepEqual(rest, { name: CONTOSO.name, text: CONTOSO.text, logo: true, helpdesk: CONTOSO.helpdesk });
  assert.notEqual(button, ours.button);
  assert.equal(await browser.value('location.hash'), `#dr=${pin}`);
  await accessible();
  await open(`/not-me#${token}&dr=${ANOTHER_ROOT}`);
  await browser.screen('ask');
  await browser.until('performance.getEntriesByType("resource").some(({ name }) => name.includes("/sspr/brand?root="))', 'asked');
  assert.deepEqual(await shown(), ours);
});

it('a first screen that knows no domain has the look of nobody until a name leads to one, and a reload keeps that', { timeout: 60_000 }, async () => {
  const kept = { name: CONTOSO.name, text: CONTOSO.text, logo: true, helpdesk: CONTOSO.helpdesk };
  await forget(`/#dr=${ANOTHER_ROOT}`);
  await browser.until('performance.getEntriesByType("resource").some(({ name }) => name.includes("/sspr/brand?root="))', 'asked');
  assert.deepEqual(await shown(), ours);
  await browser.type('alice@corp.example');
  await browser.click('button.main');
  await browser.screen('methods-0');
  await dressed();
  await accessible();
  await open(`/#dr=${ANOTHER_ROOT}`);
  await browser.screen('methods-0');
  await dressed();
  const now = await browser.value('({ name: document.querySelector("header strong").innerText, text: document.querySelector("#own-text").innerText, logo: true, helpdesk: document.querySelector("#helpdesk").getAttribute("href") })');
  assert.deepEqual(now, kept);
});

it('whoever is signed in sees it, too', { timeout: 60_000 }, async () => {
  await forget(`/signin#dr=${pin}`);
  await browser.type('alice@corp.example', '[name=username]');
  await browser.type(PRESENT, '[name=password]');
  await browser.key('Enter');
  await browser.screen('home');
  await dressed();
  await accessible();
});

it('in another program\'s window the helpdesk is named and no link leads to it', { timeout: 60_000 }, async () => {
  for (const [helpdesk, named] of [['mailto:help@corp.example?subject=Help', 'help@corp.example'], ['https://help.corp.example/a?b', 'https://help.corp.example/a?b']]) {
    await wear({ ...CONTOSO, helpdesk });
    for (const page of ['/', '/signin']) {
      await forget(`${page}?embedded=1#dr=${pin}`);
      await browser.until(`document.querySelector('#helpdesk bdi')?.innerText === ${JSON.stringify(named)}`, named);
      assert.deepEqual(await browser.value('[...document.querySelectorAll("a")].filter((it) => it.target || it.origin !== location.origin).map((it) => it.outerHTML)'), []);
      assert.ok(await browser.value('document.querySelector("header img").offsetParent === null && document.querySelector(".languages select").offsetParent !== null'), page);
      await accessible();
    }
  }
});

it('a logo elsewhere is not fetched', { timeout: 60_000 }, async () => {
  await wear({ ...CONTOSO, logo: 'https://elsewhere.example/logo.png', colour: '#0b57b0' });
  await forget();
  await browser.until('document.querySelector("header strong")', 'the name');
  assert.deepEqual(await shown(), { ...ours, name: CONTOSO.name, text: CONTOSO.text, helpdesk: CONTOSO.helpdesk });
  assert.ok(browser.sent.every(({ url: to }) => to.startsWith(url) || /^(data:|about:)/.test(to)));
});

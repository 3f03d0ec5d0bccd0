// The settings: a form, who would be concerned before anything is saved, what happens when somebody else was faster, and earlier versions.
import { useState } from 'preact/hooks';
import { call, exchange, Problem } from '../api';
import { Form } from '../fields';
import { Screen } from '../parts';
import { moment } from '../words';
import { Brand } from './brand';
import { History } from './history';
import { MemberRow, valueOf } from './members';
import { Preview } from './preview';
import { useAdmin, useFirstLook, useUnsaved } from './scene';
import { changed, cleaned, GROUPS, rebased, wrong, type DryRun, type Settings, type Version } from './settings';
import type { AdminKey } from './words';

const put = async <T,>(path: string, settings: Settings, version?: number): Promise<T> => JSON.parse((await exchange('PUT', path, settings, version === undefined ? {} : { ifMatch: `"${version}"` })).text) as T;

export function SettingsPanel() {
  const { desk, say, language } = useAdmin();
  const [{ base: kept, draft: begun }] = useState(() => desk.held<{ base: Version; draft: Settings }>('settings') ?? { base: null, draft: {} });
  const [base, setBase] = useState<Version | null>(kept);
  const [draft, setDraft] = useState<Settings>(begun);
  const [dry, setDry] = useState<DryRun | null>(null);
  const [bad, setBad] = useState<string[]>([]);
  const [news, setNews] = useState<'saved' | 'restored' | 'nothing' | null>(null);
  const [rival, setRival] = useState<{ by: Version; both: string[] } | null>(null);

  const taken = (version: Version, what: typeof news = null) => {
    setBase(version), setDraft(version.settings), setDry(null), setRival(null), setBad([]), setNews(what);
  };
  const look = () => void desk.run(async () => taken(await call<Version>('GET', 'settings')));
  useFirstLook(() => { if (!base) look(); });
  useUnsaved('settings', base && changed(base.settings, draft).length > 0 ? { base, draft } : null);
  if (!base) return <Screen heading={say('tab.settings')}><button type="button" class="second" onClick={look}>{say('retry')}</button></Screen>;

  const edit = (name: string, value: Settings[string]) => {
    setDraft((was) => ({ ...was, [name]: value }));
    setDry(null), setNews(null), setBad((was) => was.filter((one) => one !== name));
  };
  const check = () => {
    const no = wrong(cleaned(draft));
    setBad(no), setNews(null);
    if (no.length > 0) return document.querySelector<HTMLElement>(`[name=${no[0]}]`)?.focus();
    if (changed(base.settings, cleaned(draft)).length === 0) return setNews('nothing');
    void desk.run(async () => setDry(await put<DryRun>('settings?dry_run=1', cleaned(draft))));
  };
  const beaten = async (error: unknown) => {
    if (!(error instanceof Problem) || error.code !== 'precondition_failed') throw error;
    const newest = await call<Version>('GET', 'settings');
    const { draft: mine, both } = rebased(base.settings, cleaned(draft), newest.settings);
    taken(newest);
    setDraft(mine), setRival({ by: newest, both });
  };
  const save = () => void desk.run(async () => {
    try { taken(await put<Version>('settings', cleaned(draft), base.version), 'saved'); } catch (error) { await beaten(error); }
  }, 'answer');

  return (
    <Screen heading={say('tab.settings')}>
      <p class="lead">{base.version === 0 ? say('settings.untouched') : say('settings.version', { version: base.version, time: moment(language, base.at), actor: base.actor })}</p>
      <div role="status">{news && <p class="good" data-news={news}>{say(`settings.${news}`)}</p>}</div>
      <div role="alert">
        {rival && (
          <div class="notice" data-rival={rival.both.length}>
            <p>{say('settings.rival', { actor: rival.by.actor, time: moment(language, rival.by.at) })}</p>
            {rival.both.length > 0 && <p>{say('settings.both', { members: rival.both.map((name) => say(`setting.${name}` as AdminKey)).join(', ') })}</p>}
            <button type="button" class="second" data-do="drop" onClick={() => taken(rival.by)}>{say('settings.drop')}</button>
          </div>
        )}
      </div>
      <Form onSubmit={check}>
        {GROUPS.map(({ group, members }) => (
          <fieldset key={group} class="part" data-group={group}>
            <legend>{say(`group.${group}` as AdminKey)}</legend>
            {members.filter(({ name }) => name in base.settings).map((member) => (
              <MemberRow key={member.name} member={member} value={valueOf(draft, member)} bad={bad.includes(member.name)} onValue={(to) => edit(member.name, to)} />
            ))}
            {group === 'branding' && <Brand name={String(draft.brand_name ?? '')} text={String(draft.brand_text ?? '')} colour={String(draft.brand_colour ?? '')} logo={String(draft.brand_logo ?? '')} onLogo={(to) => edit('brand_logo', to)} />}
          </fieldset>
        ))}
        {!dry && <button type="submit" class="main" data-do="check">{say('settings.check')}</button>}
      </Form>
      {dry && <Preview dry={dry} onSave={save} onBack={() => setDry(null)} />}
      <History current={base.version} onRestored={(version) => taken(version, 'restored')} />
    </Screen>
  );
}

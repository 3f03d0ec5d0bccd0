// One member of the settings: its control, one sentence about it, and what can't be right with it.
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { Field, Tick } from '../fields';
import { told, useAdmin } from './scene';
import type { Member, Settings, Value } from './settings';
import type { AdminKey } from './words';

interface Row {
  member: Member;
  value: Value;
  bad: boolean;
  onValue: (to: Value) => void;
}
function Choices({ member, children }: { member: Member; children: ComponentChildren }) {
  const { say } = useAdmin();
  const id = useId();
  return (
    <fieldset class="member" data-member={member.name} aria-describedby={id}>
      <legend>{say(`setting.${member.name}` as AdminKey)}</legend>
      <p class="hint" id={id}>{say(`setting.${member.name}.hint` as AdminKey)}</p>
      {children}
    </fieldset>
  );
}

function Lines({ member, value, onValue }: Row) {
  const { say } = useAdmin();
  const id = useId();
  const lines = value as string[];
  return (
    <div class="member" data-member={member.name}>
      <label for={id}>{say(`setting.${member.name}` as AdminKey)}</label>
      <textarea id={id} name={member.name} dir="auto" rows={Math.min(8, lines.length + 1)} spellcheck={false} aria-describedby={`${id}-hint`} value={lines.join('\n')}
        onInput={(event) => onValue(event.currentTarget.value === '' ? [] : event.currentTarget.value.split('\n'))} />
      <p class="hint" id={`${id}-hint`}>{say(`setting.${member.name}.hint` as AdminKey)} {say('lines')}</p>
    </div>
  );
}

export function MemberRow(row: Row) {
  const { say } = useAdmin();
  const { member, value, bad, onValue } = row;
  const label = say(`setting.${member.name}` as AdminKey), hint = say(`setting.${member.name}.hint` as AdminKey);
  switch (member.kind) {
    case 'lines': return <Lines {...row} />;
    case 'switch':
      return <Choices member={member}><Tick label={say('on')} on={value as boolean} onChange={onValue} /></Choices>;
    case 'choice':
      return (
        <Choices member={member}>
          {member.of.map((one) => (
            <p key={one}><label class="tick"><input type="radio" name={member.name} value={one} checked={value === one} onChange={() => onValue(one)} /> {told(say, member.name, one)}</label></p>
          ))}
        </Choices>
      );
    case 'several': {
      const all = value as string[];
      const rest = all.filter((one) => !member.of.includes(one)); // what a newer service knows stays as it is
      return (
        <Choices member={member}>
          {[...member.of, ...rest].map((one) => <p key={one}><Tick label={told(say, 'kind', one)} on={all.includes(one)} onChange={(on) => onValue(on ? [...all, one] : all.filter((it) => it !== one))} /></p>)}
        </Choices>
      );
    }
    case 'number':
      return (
        <div class="member" data-member={member.name}>
          <Field label={label} hint={hint} name={member.name} type="number" inputMode="numeric" min={member.min} max={member.max} value={Number.isNaN(value) ? '' : String(value)}
            error={bad ? say('wrong.number', { min: member.min, max: member.max }) : undefined} onValue={(text) => onValue(text === '' ? NaN : Number(text))} />
        </div>
      );
    case 'text': case 'colour':
      return (
        <div class="member" data-member={member.name}>
          <Field label={label} hint={hint} name={member.name} type="text" spellcheck={false} maxLength={member.kind === 'text' ? member.most : 7} value={String(value)}
            error={bad ? say('wrong.colour') : undefined} onValue={onValue} />
        </div>
      );
  }
}

export const valueOf = (draft: Settings, { name }: Member): Value => draft[name] ?? '';

// Answers to questions of one's own choice, all at once; what is wrong with one is told beside it.
import { useId, useState } from 'preact/hooks';
import { Field, Form, Tick } from '../fields';
import { Screen } from '../parts';
import { useMine } from './scene';

interface Given {
  question: string;
  answer: string;
}
interface Row {
  number: number;
  given: Given;
  taken: string[]; // by others
  shown: boolean;
  error?: string;
  onChange: (to: Given) => void;
}
function Answer({ number, given, taken, shown, error, onChange }: Row) {
  const { view, say } = useMine();
  const id = useId();
  return (
    <fieldset data-at={number}>
      <legend class="unseen">{say('questions.one', { number })}</legend>
      <div class="field">
        <label for={id}>{say('questions.one', { number })}</label>
        <select id={id} name={`question-${number}`} value={given.question} onChange={(event) => onChange({ ...given, question: event.currentTarget.value })}>
          <option value="">{say('questions.pick')}</option>
          {view.me!.registration.questions.filter((one) => !taken.includes(one.id)).map((one) => <option key={one.id} value={one.id}>{one.text}</option>)}
        </select>
      </div>
      <Field label={say('questions.answer', { number })} error={error} value={given.answer} onValue={(answer) => onChange({ ...given, answer })}
        name={`answer-${number}`} type={shown ? 'text' : 'password'} autocomplete="off" autocapitalize="none" spellcheck={false} maxLength={160} />
    </fieldset>
  );
}

export function AddQuestions() {
  const { desk, view, say } = useMine();
  const count = view.me!.registration.questions_to_register;
  const [all, setAll] = useState<Given[]>(() => Array.from({ length: count }, () => ({ question: '', answer: '' })));
  const [shown, setShown] = useState(true);
  const [tried, setTried] = useState(false);
  const at = view.problem?.at;
  const whole = ({ question, answer }: Given) => question !== '' && answer.trim() !== '';
  const go = () => {
    setTried(true);
    if (all.every(whole)) void desk.answer(all);
  };
  return (
    <Screen heading={say('questions.choose')}>
      <p class="lead">{say('questions.lead', { count })}</p>
      <Form onSubmit={go}>
        {all.map((given, index) => (
          <Answer key={index} number={index + 1} given={given} taken={all.filter((_, other) => other !== index).map(({ question }) => question)} shown={shown}
            error={at === index && view.problem ? view.problem.detail : tried && !whole(given) ? say('questions.both') : undefined}
            onChange={(to) => setAll((was) => was.map((one, other) => (other === index ? to : one)))} />
        ))}
        <Tick label={say('questions.show')} on={shown} onChange={setShown} />
        <button type="submit" class="main">{say('questions.save')}</button>
      </Form>
      <button type="button" class="plain" id="back" onClick={() => desk.go('home')}>{say('back')}</button>
    </Screen>
  );
}

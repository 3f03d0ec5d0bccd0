// The organisation's name, colour and logo as people will see them, and whether that can be read. A logo that is a link is not fetched: these
// pages ask nobody but the service.
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { brandIn } from '../brand';
import { judged } from '../colour';
import { useAdmin } from './scene';
import { LOGO_MAX } from './settings';

const KINDS = 'image/png,image/jpeg,image/webp,image/svg+xml';
const inLetters = (file: Blob) => new Promise<string>((done, failed) => {
  const reader = new FileReader();
  reader.onload = () => done(String(reader.result));
  reader.onerror = failed;
  reader.readAsDataURL(file);
});

/** A picture from this machine becomes the setting itself. */
function Picture({ onLogo }: { onLogo: (to: string) => void }) {
  const { say } = useAdmin();
  const id = useId();
  const [bad, setBad] = useState(false);
  const take = async (file: Blob | undefined) => {
    if (!file) return;
    const logo = file.size <= LOGO_MAX ? await inLetters(file).catch(() => '') : '';
    const good = logo.length <= LOGO_MAX && brandIn({ logo })!.logo !== '';
    setBad(!good);
    if (good) onLogo(logo);
  };
  return (
    <div class="field">
      <label for={id}>{say('brand.pick')}</label>
      <input id={id} type="file" name="brand_picture" accept={KINDS} aria-invalid={bad ? true : undefined} aria-describedby={bad ? `${id}-error` : undefined} onChange={(event) => void take(event.currentTarget.files?.[0])} />
      {bad && <p class="error" id={`${id}-error`} role="alert">{say('brand.no_picture')}</p>}
    </div>
  );
}

export function Brand({ name, text, colour, logo, onLogo }: { name: string; text: string; colour: string; logo: string; onLogo: (to: string) => void }) {
  const { say, language } = useAdmin();
  const swatch = useRef<HTMLSpanElement>(null);
  const one = judged(colour), picture = brandIn({ logo })!.logo;
  useLayoutEffect(() => { // by the object model: the page's policy takes no style in the markup
    if (!swatch.current) return;
    swatch.current.style.backgroundColor = one ? colour : '';
    swatch.current.style.color = one ? one.text : '';
  }, [colour]);
  const ratio = one && new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(one.ratio);
  return (
    <>
      <Picture onLogo={onLogo} />
      <div class="brand" id="brand">
        <p>{say('brand.preview')}</p>
        <p>{picture && <img src={picture} alt="" />} <span ref={swatch} dir="auto">{name || say('brand.nobody')}</span></p>
        {text && <p dir="auto">{text}</p>}
        <p role="status" data-enough={one ? String(one.enough) : undefined}>{one ? say(one.enough ? 'brand.enough' : 'brand.too_little', { ratio: ratio! }) : say('brand.none')}</p>
      </div>
    </>
  );
}

// The organisation's name and colour as people will see them, and whether that can be read. A logo is not fetched here: this page asks
// nobody but the service.
import { useLayoutEffect, useRef } from 'preact/hooks';
import { judged } from './colour';
import { useAdmin } from './scene';

export function Brand({ name, colour }: { name: string; colour: string }) {
  const { say, language } = useAdmin();
  const swatch = useRef<HTMLSpanElement>(null);
  const one = judged(colour);
  useLayoutEffect(() => { // by the object model: the page's policy takes no style in the markup
    if (!swatch.current) return;
    swatch.current.style.backgroundColor = one ? colour : '';
    swatch.current.style.color = one ? one.text : '';
  }, [colour]);
  const ratio = one && new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(one.ratio);
  return (
    <div class="brand" id="brand">
      <p>{say('brand.preview')}</p>
      <p><span ref={swatch} dir="auto">{name || say('brand.nobody')}</span></p>
      <p role="status" data-enough={one ? String(one.enough) : undefined}>{one ? say(one.enough ? 'brand.enough' : 'brand.too_little', { ratio: ratio! }) : say('brand.none')}</p>
    </div>
  );
}

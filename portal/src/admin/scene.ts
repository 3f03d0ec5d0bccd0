// What the administration's screens know.
import type { RefObject } from 'preact';
import { useContext, useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { View } from '../me/desk';
import { SceneOf } from '../parts';
import { isKey, type Language } from '../words';
import type { AdminDesk } from './desk';
import type { AdminKey, AdminSay } from './words';

export interface AdminScene {
  desk: AdminDesk;
  view: View;
  say: AdminSay;
  language: Language;
}
export const useAdmin = () => useContext(SceneOf) as AdminScene;

/** Once, as soon as what led here has ended. */
export function useFirstLook(look: () => void): void {
  const { desk, view: { busy } } = useAdmin();
  const first = useRef(true);
  useEffect(() => {
    if (desk.view.busy || !first.current) return; // as it is now: what another screen began since this one was drawn would swallow the look
    first.current = false;
    look();
  }, [busy]);
}

/** What a panel holds that is not saved, or null: nobody leaves without being asked, and a sign-in that ends takes nothing with it. */
export function useUnsaved(panel: string, what: unknown): void {
  const { desk } = useAdmin();
  useLayoutEffect(() => desk.hold(panel, what)); // at once: the sign-in may end with the next answer
  useLayoutEffect(() => () => desk.gone(panel), []);
}

/** The focus never falls to the page's end with what had it: it goes to what `to` selects by then, or to the heading, unless what follows has taken it. */
export function useFocusKept(at: RefObject<HTMLElement>, to?: RefObject<string>): void {
  useLayoutEffect(() => () => {
    if (!at.current?.contains(document.activeElement)) return;
    const where = to?.current;
    queueMicrotask(() => {
      if (document.activeElement !== document.body) return;
      ((where && document.querySelector<HTMLElement>(where)) || document.querySelector<HTMLElement>('main h1[tabindex]'))?.focus();
    });
  }, []);
}

/** A code of the service in words, or as it is where there are none: services grow. */
export const told = (say: AdminSay, kind: string, code: string) => (isKey(`${kind}.${code}`) ? say(`${kind}.${code}` as AdminKey) : code);

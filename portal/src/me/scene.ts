// What the screens of somebody who signs in know.
import { useContext } from 'preact/hooks';
import { SceneOf } from '../parts';
import type { Language } from '../words';
import type { MyDesk, View } from './desk';
import type { MySay } from './words';

export interface MyScene {
  desk: MyDesk;
  view: View;
  say: MySay;
  language: Language;
}
export const useMine = () => useContext(SceneOf) as MyScene;

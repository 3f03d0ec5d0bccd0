// What the screens of a reset know.
import { useContext } from 'preact/hooks';
import type { Desk, View } from './desk';
import { SceneOf } from './parts';
import type { Language, Say } from './words';

export interface Scene {
  desk: Desk;
  view: View;
  say: Say;
  language: Language;
}
export const useScene = () => useContext(SceneOf) as Scene;

import { expect, test } from 'vitest';
import { SCENES } from './scenes';
import BINDINGS from '../bindings.ts?raw';
import states from './states.json';

/** The values of a type that is one of several words. */
function words(type: string): string[] {
  const found = BINDINGS.match(new RegExp(`export type ${type} = ([^;]*);`))?.[1];
  return [...(found ?? '').matchAll(/"(\w+)"/g)].map(([, word]) => word ?? '');
}

test('every kind of banner and every state of a profile has a picture', () => {
  const shown = Object.values(SCENES).map((make) => make());
  const banners = shown.flatMap(({ state }) => state.organisations.map(({ banner }) => banner?.kind));
  const statuses = shown.flatMap(({ state }) => state.profiles.map(({ status }) => status));
  for (const [type, seen] of [['UiBannerKind', banners], ['UiStatus', statuses]] as const) {
    expect(words(type).length).toBeGreaterThan(5);
    expect(words(type).filter((word) => !(seen as unknown[]).includes(word)), type).toEqual([]);
  }
});

test('the list for those who take pictures names every state', () => {
  expect(states).toEqual(Object.keys(SCENES));
});

// @vitest-environment jsdom
import { fireEvent, screen } from '@testing-library/svelte';
import { expect, test } from 'vitest';
import { tick } from 'svelte';
import { scene, show } from './page';
import { organisation } from './organisation';
import { state } from './state';

const opener = () => screen.getByRole('button', { name: /^Organisation Acme/ });
const menu = () => screen.queryByRole('menu', { hidden: true });

/** As a pointer does it: where the focus goes differs between web engines, and the click comes last. */
async function click(takesFocus: boolean) {
  await fireEvent.pointerDown(opener());
  const list = menu();
  if (list) await fireEvent.focusOut(list, { relatedTarget: takesFocus ? opener() : null });
  await fireEvent.click(opener(), { detail: 1 });
}

for (const takesFocus of [true, false]) {
  test(`a menu's button closes it again ${takesFocus ? 'where buttons take the focus' : 'where they do not'}`, async () => {
    await show(scene('portal'));
    await click(takesFocus);
    expect(menu()).toBeTruthy();
    await click(takesFocus);
    expect(menu()).toBeNull();
    await click(takesFocus);
    expect(menu()).toBeTruthy();
  });
}

test('a menu opens and closes by keyboard, and the focus returns to its button', async () => {
  await show(scene('portal'));
  await fireEvent.click(opener(), { detail: 0 });
  expect(document.activeElement?.closest('[role=menu]')).toBe(menu());
  await fireEvent.keyDown(document.activeElement as HTMLElement, { key: 'Escape' });
  expect([menu(), document.activeElement]).toEqual([null, opener()]);
});

test('of several organisations the one that was chosen is shown, wherever it was chosen', async () => {
  const both = [organisation(), organisation({ id: 'beta', name: 'Beta' })];
  const { host, desk } = await show({ ...scene('portal'), view: 'portal' });
  host.send(state({ organisations: both, chosen: 'acme' }));
  await tick();
  await fireEvent.click(opener(), { detail: 0 });
  await fireEvent.click(screen.getByRole('menuitemradio', { name: /^Beta/, hidden: true }));
  expect([desk.org?.id, host.asked.at(-1)]).toEqual(['beta', { ask: 'choose_organisation', org: 'beta' }]);
  // The engine says so, the tray chooses the other, and a later state changes nothing.
  for (const chosen of ['beta', 'acme', 'acme']) {
    host.send(state({ organisations: both, chosen }));
    await tick();
    expect(desk.org?.id).toBe(chosen);
  }
});

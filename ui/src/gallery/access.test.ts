// @vitest-environment jsdom
import { fireEvent, screen } from '@testing-library/svelte';
import axe from 'axe-core';
import { expect, test } from 'vitest';
import { scene, settled, show } from './page';

const SHOWN = ['apps', 'apps-opening', 'apps-not-listed', 'portal-grouped', 'portal-other-user', 'keys-identity-center', 'keys-values', 'credentials-undo', 'settings-notifications', 'settings-appearance', 'sign-in-code', 'first-run'];

/** What a machine can tell without seeing: names, roles, what belongs into what. Colours are measured elsewhere. */
for (const name of SHOWN) {
  test(`${name} can be used without seeing it`, async () => {
    const shown = scene(name);
    const { desk } = await show(shown, shown.remembered);
    Object.assign(desk.arrangement, shown.prefer);
    desk.settingsSection = shown.section ?? 'general';
    await settled();
    for (const button of shown.press ?? []) {
      const found = [...screen.queryAllByRole('button', { name: button }), ...screen.queryAllByRole('tab', { name: button })];
      await fireEvent.click(found[0] as HTMLElement);
      await settled();
    }
    const { violations } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false }, region: { enabled: false } } });
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)).toEqual([]);
  });
}

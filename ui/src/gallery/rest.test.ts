// @vitest-environment jsdom
import { screen } from '@testing-library/svelte';
import { expect, test } from 'vitest';
import * as all from '../rest';
import { scene, settled, show } from './page';

test('what comes after the first picture is waited for, and has the focus when it is there', async () => {
  let come: (rest: typeof all) => void = () => undefined;
  const rest = new Promise<typeof all>((resolve) => (come = resolve));
  const { desk } = await show(scene('portal'), {}, rest);
  screen.getByRole('heading', { name: 'Portal' });
  desk.view = 'credentials';
  await settled();
  expect(screen.queryByRole('heading', { name: 'Credentials' })).toBeNull();
  come(all);
  await settled();
  await settled();
  expect(document.activeElement).toBe(screen.getByRole('heading', { name: 'Credentials' }));
});

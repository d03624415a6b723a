// @vitest-environment jsdom
import { screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { expect, test } from 'vitest';
import type { UiOrganisation } from '../bindings';
import { ACCOUNTS, NOW, portal } from './organisation';
import { scene, settled, show } from './page';
import { state } from './state';

const first: Partial<UiOrganisation> = { synced: null, sync: { state: 'running', done: 0, total: 0 }, sync_text: 'Loading accounts.' };
const loads = () => screen.queryAllByRole('status').map(({ textContent }) => textContent?.trim()).filter((text) => /^Loading accounts|loaded$/.test(text ?? ''));

test('a first load is told at its beginning and its end, a later one is not', async () => {
  const { host, desk } = await show({ ...scene('portal'), portals: { acme: { ...portal(ACCOUNTS.slice(3)), revision: '0' } }, state: state({}, { ...first, portal_revision: '0' }) });
  expect(loads()).toEqual(['Loading accounts']);
  // Its end is known before all accounts are here.
  host.send(state({}, { portal_revision: '2' }));
  await tick();
  expect(loads()).toEqual(['Loading accounts']);
  host.scene.portals.acme = { ...portal(), revision: '2' };
  await desk.refreshPortal('acme');
  await settled();
  expect(loads()).toEqual([`${ACCOUNTS.length} accounts loaded`]);
  host.scene.portals.acme = { ...portal(ACCOUNTS.slice(1)), revision: '3' };
  host.send(state({}, { portal_revision: '3', sync: { state: 'running', done: 1, total: 2 } }));
  await settled();
  host.send(state({}, { portal_revision: '3', synced: NOW }));
  await settled();
  expect(loads()).toEqual([`${ACCOUNTS.length} accounts loaded`]);
});

test('a refresh in the background is not told', async () => {
  const { host } = await show(scene('portal'));
  host.send(state({}, { sync: { state: 'running', done: 1, total: 2 } }));
  await settled();
  host.send(state({}, { synced: NOW }));
  await settled();
  expect(loads()).toEqual([]);
});

// @vitest-environment jsdom
import { fireEvent, render, screen, within } from '@testing-library/svelte';
import axe from 'axe-core';
import { expect, test } from 'vitest';
import type { UiPrompt } from '../bindings';
import type { PromptHost } from '../host/prompt';
import PinPrompt from '../keys/PinPrompt.svelte';
import { PROMPT, YUBI } from './key-scenes';
import { pass, scene, settled, show } from './page';

const key = 'usb:1';

test('the keys are a list of which one is chosen, by the arrows too', async () => {
  const { host } = await show(scene('security-keys'));
  const list = screen.getByRole('listbox', { name: 'Security keys' });
  const options = within(list).getAllByRole('option');
  expect(options.map((one) => one.getAttribute('aria-selected'))).toEqual(['true', 'false']);
  await fireEvent.keyDown(list, { key: 'ArrowDown' });
  await fireEvent.keyDown(list, { key: 'y' });
  expect(host.asked).toEqual([
    { ask: 'keys', keys: { wish: 'follow' } },
    { ask: 'keys', keys: { wish: 'select', key: 'usb:3' } },
  ]);
});

test('a key that comes or goes is told to those who do not see it', async () => {
  const { host } = await show(scene('security-keys'));
  const { state } = host.scene;
  host.send({ ...state, keys: { ...state.keys, keys: [...state.keys.keys, { ...YUBI, id: 'usb:9', name: 'Nitrokey 3' }] } });
  await settled();
  expect(screen.getByText('Security key connected: Nitrokey 3').getAttribute('role')).toBe('status');
  host.send(state);
  await settled();
  expect(screen.getByText('Security key removed: Nitrokey 3')).toBeTruthy();
});

test('what a key cannot do has no page, and the overview leads to those there are', async () => {
  await show(scene('security-keys'));
  expect(screen.getAllByRole('tab').map((tab) => tab.textContent)).toEqual(['Overview', 'PIN', 'Passkeys', 'Advanced']);
  await fireEvent.click(screen.getByRole('button', { name: 'Manage, Passkeys' }));
  expect(screen.getByRole('tab', { name: 'Passkeys' }).getAttribute('aria-selected')).toBe('true');
  expect(screen.getByText('Non-passkey credentials may also be on this key. They cannot be listed.')).toBeTruthy();
});

test('a key with U2F alone is explained and has nothing to press', async () => {
  await show(scene('security-keys-u2f'));
  expect(screen.getAllByRole('tab').map((tab) => tab.textContent)).toEqual(['Overview']);
  expect(screen.getByText(/supports only U2F/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Identify' })).toBeNull();
});

test('passkeys are asked for by a button, since that opens the window for the PIN', async () => {
  const { host } = await show(scene('security-keys'));
  await fireEvent.click(screen.getByRole('tab', { name: 'Passkeys' }));
  expect(host.asked).toHaveLength(1);
  await fireEvent.click(screen.getByRole('button', { name: 'Enter PIN…' }));
  expect(host.asked.at(-1)).toEqual({ ask: 'keys', keys: { wish: 'list_passkeys', key } });
});

test('a passkey is deleted only after it was named, and Cancel has the focus', async () => {
  const { host } = await show(scene('security-keys-passkeys'));
  await fireEvent.click(screen.getByRole('tab', { name: 'Passkeys 6' }));
  await fireEvent.click(screen.getByRole('button', { name: 'Delete, sam@acme.test at login.acme.test' }));
  const dialog = screen.getByRole('alertdialog', { name: 'Delete this passkey?' });
  expect(dialog.textContent).toContain('Delete passkey for sam@acme.test at login.acme.test? You may be locked out there');
  expect(document.activeElement).toBe(within(dialog).getByRole('button', { name: 'Cancel' }));
  expect(host.asked).toHaveLength(1);
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Delete passkey' }));
  expect(host.asked.at(-1)).toEqual({ ask: 'keys', keys: { wish: 'delete_passkey', key, id: '2' } });
});

test('the user of a passkey is renamed as it was typed', async () => {
  const { host } = await show(scene('security-keys-passkeys'));
  await fireEvent.click(screen.getByRole('tab', { name: 'Passkeys 6' }));
  await fireEvent.click(screen.getByRole('button', { name: 'Rename user, sam@acme.test at login.acme.test' }));
  const dialog = screen.getByRole('dialog', { name: 'Rename the user of this passkey' });
  await fireEvent.input(within(dialog).getByLabelText('User name'), { target: { value: ' Sam Rivera ' } });
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Rename' }));
  expect(host.asked.at(-1)).toMatchObject({ ask: 'keys', keys: { wish: 'rename_passkey', key, id: '2', user: 'Sam Rivera' } });
  expect(screen.queryByRole('dialog')).toBeNull();
});

test('what is under way says so, can be cancelled, and nothing else can be begun', async () => {
  const { host } = await show(scene('security-keys-touch'));
  const card = screen.getByRole('region', { name: 'Under way' });
  expect(within(card).getByText('48 s left')).toBeTruthy();
  await pass(20_000);
  expect(within(card).getByText('28 s left')).toBeTruthy();
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Identify' }).disabled).toBe(true);
  await fireEvent.click(within(card).getByRole('button', { name: 'Cancel' }));
  expect(host.asked.at(-1)).toEqual({ ask: 'keys', keys: { wish: 'cancel' } });
});

test('samples of a fingerprint are a progress in words', async () => {
  await show(scene('security-keys-sample'));
  const ring = screen.getByRole('progressbar', { name: 'Fingerprint' });
  expect(ring.getAttribute('aria-valuetext')).toBe('Sample 3 of 5');
  expect(screen.getByText('Too fast. Lift and touch again.')).toBeTruthy();
});

test('a reset goes on only when the person has ticked the box, and says which step it is', async () => {
  const { host } = await show({ ...scene('security-keys-reset'), press: [] });
  const steps = within(screen.getByRole('region', { name: 'Reset YubiKey 5C NFC' })).getAllByRole('list')[0] as HTMLElement;
  expect(within(steps).getAllByRole('listitem').map((step) => step.getAttribute('aria-current'))).toEqual(['step', null, null, null]);
  const go = screen.getByRole<HTMLButtonElement>('button', { name: 'Continue to reset' });
  expect(go.disabled).toBe(true);
  await fireEvent.click(screen.getByRole('checkbox'));
  await fireEvent.click(go);
  expect(host.asked.at(-1)).toEqual({ ask: 'keys', keys: { wish: 'agree_reset' } });
});

test('with another key there, no reset begins', async () => {
  await show(scene('security-keys-reset-two'));
  expect(screen.getByRole('alert').textContent).toContain('Unplug the other key first');
  expect(screen.queryByRole('checkbox')).toBeNull();
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Continue to reset' }).disabled).toBe(true);
});

test('what went well goes by itself, what did not stays until it was read', async () => {
  const { host } = await show(scene('security-keys-deleted'));
  expect(screen.getByText('The passkey is deleted.')).toBeTruthy();
  await pass(6_000);
  expect(screen.queryByText('The passkey is deleted.')).toBeNull();
  host.send(scene('security-keys-timed-out').state);
  await settled();
  await pass(60_000);
  expect(screen.getByRole('alert').textContent).toContain('Nobody touched the key in time');
  await fireEvent.click(screen.getByRole('button', { name: 'Dismiss' }));
  expect(host.asked.at(-1)).toEqual({ ask: 'keys', keys: { wish: 'dismiss' } });
});

test('Ctrl+3 shows the keys and F5 looks anew', async () => {
  const { host, desk } = await show({ ...scene('security-keys'), view: 'portal' });
  await fireEvent.keyDown(document.body, { key: '3', ctrlKey: true });
  await settled();
  expect(desk.view).toBe('keys');
  expect(document.activeElement?.textContent).toBe('Keys');
  await fireEvent.keyDown(document.body, { key: 'F5' });
  expect(host.asked.at(-1)).toEqual({ ask: 'keys', keys: { wish: 'rescan' } });
});

test('before the first organisation there is a way to the keys, and back', async () => {
  const { desk } = await show(scene('first-run'));
  await fireEvent.click(screen.getByRole('button', { name: 'Manage security keys' }));
  await settled();
  expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('Keys');
  await fireEvent.click(screen.getByRole('button', { name: 'Back' }));
  expect(desk.view).toBe('portal');
});

/** The window for PINs, and what it was told. */
function prompted(change: Partial<UiPrompt> = {}) {
  window.matchMedia ??= (media) => ({ matches: false, media }) as unknown as MediaQueryList;
  const told: string[] = [];
  const host: PromptHost = {
    prompt: () => Promise.resolve(null),
    onPrompt: () => () => undefined,
    anotherKey: () => Promise.resolve(),
    enterPin: (bytes) => {
      const fields = [...document.querySelectorAll<HTMLInputElement>('input:not([type=checkbox])')].map(({ value }) => value);
      told.push(`${[...bytes].join(' ')} while the fields hold "${fields.join('')}"`);
      return Promise.resolve();
    },
    allow: () => Promise.resolve(),
    giveUp: () => Promise.resolve(void told.push('gave up')),
  };
  render(PinPrompt, { props: { prompt: { ...PROMPT, ...change }, host } });
  return told;
}

test('a PIN crosses once as bytes, and the field is empty before it does', async () => {
  const told = prompted();
  await settled();
  const field = screen.getByLabelText<HTMLInputElement>('PIN');
  expect([document.activeElement, field.type, field.autocomplete]).toEqual([field, 'password', 'off']);
  await fireEvent.input(field, { target: { value: '1234' } });
  const form = screen.getByRole('form');
  await Promise.all([fireEvent.submit(form), fireEvent.submit(form)]);
  await settled();
  expect(told).toEqual(['0 0 0 0 0 0 0 7 4 49 50 51 52 0 while the fields hold ""']);
});

test('Escape gives up without a word of what was typed', async () => {
  const told = prompted({ wrong: 'Wrong PIN. 5 attempts left before the key locks.' });
  expect(screen.getByRole('alert').textContent).toContain('5 attempts left');
  await fireEvent.input(screen.getByLabelText('PIN'), { target: { value: '1234' } });
  await fireEvent.keyDown(document.body, { key: 'Escape' });
  await settled();
  expect([told, screen.getByLabelText<HTMLInputElement>('PIN').value]).toEqual([['gave up'], '']);
});

test('a new PIN is typed twice, and what is wrong is said at its field', async () => {
  const told = prompted({ new: true, confirm: 'Change PIN' });
  await fireEvent.input(screen.getByLabelText('Current PIN'), { target: { value: '1234' } });
  await fireEvent.input(screen.getByLabelText('New PIN'), { target: { value: '567890' } });
  await fireEvent.input(screen.getByLabelText('New PIN once more'), { target: { value: '567891' } });
  await fireEvent.click(screen.getByRole('button', { name: 'Change PIN' }));
  await settled();
  const again = screen.getByLabelText('New PIN once more');
  expect([told, document.activeElement, again.getAttribute('aria-invalid')]).toEqual([[], again, 'true']);
  expect(document.getElementById(again.getAttribute('aria-describedby') ?? '')?.textContent).toContain('not the same');
});

/** The other states are looked at in a browser. */
const HEARD = ['', '-none', '-not-allowed', '-passkeys', '-rename', '-fingerprints', '-sample', '-advanced', '-touch', '-reset', '-reset-touch'];

for (const name of HEARD.map((name) => `security-keys${name}`)) {
  test(`${name} can be used without seeing it`, async () => {
    const shown = scene(name);
    await show(shown);
    for (const press of shown.press ?? []) {
      const found = [...screen.queryAllByRole('button', { name: press }), ...screen.queryAllByRole('tab', { name: press }), ...screen.queryAllByRole('checkbox', { name: press })];
      expect(found.length, press).toBeGreaterThan(0);
      await fireEvent.click(found[0] as HTMLElement);
      await settled();
    }
    const { violations } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false }, region: { enabled: false } } });
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)).toEqual([]);
  });
}

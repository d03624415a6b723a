// @vitest-environment jsdom
import { cleanup, fireEvent, screen, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { expect, test } from 'vitest';
import type { UiReply } from '../bindings';
import { scene, settled, show } from './page';
import { button, problem, state } from './scenes';

const root = document.documentElement;
const settings = () => state().settings;
const open = (section: string) => fireEvent.click(within(screen.getByRole('navigation', { name: 'Settings sections' })).getByRole('button', { name: section }));

test('each change is saved at once, with all the others', async () => {
  const { host } = await show(scene('settings'));
  await open('Notifications');
  await fireEvent.click(screen.getByRole('switch', { name: 'When a profile expired' }));
  await settled();
  expect(host.asked).toEqual([{ ask: 'set_settings', settings: { ...settings(), told: { ...settings().told, expired: false } } }]);
  expect(screen.getByText('Saved')).toBeTruthy();
});

test('two quick changes do not undo each other', async () => {
  const { host } = await show(scene('settings'));
  await Promise.all([
    fireEvent.click(screen.getByRole('switch', { name: 'Start when I sign in to this computer' })),
    fireEvent.click(screen.getByRole('switch', { name: 'Search with the / key' })),
  ]);
  expect(host.asked.at(-1)).toMatchObject({ settings: { autostart: false, search_key: false } });
});

test('a change after one that was saved, but is not shown yet, does not undo it', async () => {
  const { host } = await show(scene('settings'));
  await fireEvent.click(screen.getByRole('switch', { name: 'Start when I sign in to this computer' }));
  await settled();
  await fireEvent.click(screen.getByRole('switch', { name: 'Search with the / key' }));
  expect(host.asked.at(-1)).toMatchObject({ settings: { autostart: false, search_key: false } });
});

test('what could not be saved is told there, and can be tried again', async () => {
  let full = true;
  const again = problem('The disk is full', 'Nothing was written.', 'Free some space.', button('Try again', { action: { action: 'ask', request: { ask: 'set_settings', settings: settings() } } }));
  const reply = (): UiReply => (full ? { reply: 'failed', field: null, problem: again } : { reply: 'done' });
  await show({ ...scene('settings'), reply });
  await fireEvent.click(screen.getByRole('switch', { name: 'Keep running in the background' }));
  const note = await screen.findByRole('alert');
  expect(note.textContent).toContain('Not saved: The disk is full');
  expect(note.closest('section')?.getAttribute('aria-labelledby')).toBe('settings-section');
  full = false;
  await fireEvent.click(within(note).getByRole('button', { name: 'Try again' }));
  await settled();
  expect([screen.queryByRole('alert'), screen.getByText('Saved')]).toEqual([null, expect.anything()]);
});

test('the way to servers is saved as a whole, and what cannot be used is told under its field', async () => {
  let good = false;
  const refused: UiReply = { reply: 'failed', field: 'ca_file', problem: problem('The file of certificates cannot be used', '/ca.pem: no such file.', 'Mend the file.') };
  const { host } = await show({ ...scene('settings-network'), reply: () => (good ? { reply: 'done' } : refused) });
  await open('Network');
  expect(screen.getByText('From HTTPS_PROXY in the environment')).toBeTruthy();
  const [proxy, file] = [screen.getByLabelText('Proxy'), screen.getByLabelText('Extra certificates')];
  await fireEvent.input(proxy, { target: { value: 'proxy.test:3128' } });
  await fireEvent.input(file, { target: { value: '/ca.pem' } });
  await fireEvent.change(file);
  await settled();
  expect(host.asked.at(-1)).toEqual({ ask: 'set_network', proxy: 'proxy.test:3128', no_proxy: '', ca_file: '/ca.pem' });
  const about = document.getElementById(file.getAttribute('aria-describedby') ?? '');
  expect([file.getAttribute('aria-invalid'), about?.textContent.trim()]).toEqual(['true', 'Not saved. The file of certificates cannot be used. /ca.pem: no such file. Mend the file.']);
  expect([proxy.getAttribute('aria-invalid'), screen.queryByText('Saved')]).toEqual([null, null]);
  good = true;
  await fireEvent.change(file);
  await settled();
  expect([file.getAttribute('aria-invalid'), screen.getByText('Saved')]).toEqual([null, expect.anything()]);
});

test('credentials are replaced as early as the person wants', async () => {
  const { host } = await show({ ...scene('settings'), state: state({ settings: { ...settings(), refresh_lead: 25 } }) });
  await open('Credentials');
  const choice = screen.getByLabelText<HTMLSelectElement>('Replace credentials before they expire');
  expect([choice.value, [...choice.options].map(({ value }) => value)]).toEqual(['25', ['10', '15', '20', '25', '30', '45']]);
  await fireEvent.change(choice, { target: { value: '45' } });
  expect(host.asked.at(-1)).toMatchObject({ settings: { refresh_lead: 45 } });
});

test('theme, text size, density and motion take effect', async () => {
  const { host } = await show(scene('settings'));
  host.send(state({ settings: { ...settings(), theme: 'high_contrast_dark', text_size: 150, compact: true, reduce_motion: true } }));
  await tick();
  expect([root.dataset.theme, root.dataset.contrast, root.dataset.density, root.dataset.motion, root.style.fontSize]).toEqual(['dark', 'more', 'compact', 'reduced', '150%']);
});

test('the / key goes to the search field only while it is switched on', async () => {
  const { host, desk } = await show(scene('settings'));
  host.send(state({ settings: { ...settings(), search_key: false } }));
  await fireEvent.keyDown(document.body, { key: '/' });
  expect(document.activeElement).toBe(document.body);
  host.send(state());
  await fireEvent.keyDown(document.body, { key: '/' });
  expect(document.activeElement).toBe(screen.getByLabelText('Search settings'));
  desk.view = 'credentials';
  await settled();
  await fireEvent.keyDown(document.body, { key: '/' });
  expect(desk.view).toBe('portal');
});

test('a setting is found by a word of its own, or one that people know it by', async () => {
  await show(scene('settings'));
  await fireEvent.input(screen.getByLabelText('Search settings'), { target: { value: 'colour' } });
  await fireEvent.click(screen.getByRole('button', { name: /^Theme/ }));
  expect(screen.getByRole('heading', { name: 'Appearance' })).toBeTruthy();
  expect(screen.getByRole('radio', { name: 'High contrast dark' })).toBeTruthy();
});

test('every setting that can be found is where the search leads', async () => {
  const { desk } = await show(scene('settings'));
  const { SECTIONS, findSettings } = await import('../settings/sections');
  const elsewhere: string[] = [];
  for (const { id } of SECTIONS) {
    desk.settingsSection = id;
    await tick();
    const text = document.querySelector('main')?.textContent?.toLowerCase() ?? '';
    // "Where the files are" and "Remove an organisation" are shown in other words, a browser where there is a choice.
    const own = findSettings(id, true).filter((one) => one.section === id && !/^(Where|Remove an|Sign out|Browser of)/.test(one.label));
    elsewhere.push(...own.filter(({ label }) => !text.includes(label.toLowerCase())).map(({ label }) => label));
  }
  expect(elsewhere).toEqual([]);
});

test('where the files are is told, without opening them', async () => {
  await show(scene('settings'));
  await open('Advanced');
  expect(screen.getByText('/home/sam/.local/state/latchkey/logs')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Copy path of Logs' })).toBeTruthy();
});

test('quiet hours have usual times, and one\'s own', async () => {
  const { host } = await show(scene('settings-notifications'));
  await open('Notifications');
  expect(screen.queryByRole('combobox', { name: 'Quiet from and until' })).toBeNull();
  const settings = { ...host.scene.state.settings, quiet_hours: true };
  host.send({ ...host.scene.state, settings });
  await settled();
  const times = screen.getByRole<HTMLSelectElement>('combobox', { name: 'Quiet from and until' });
  expect(times.value).toBe('evenings');
  await fireEvent.change(times, { target: { value: 'nights' } });
  await settled();
  expect(host.asked.at(-1)).toMatchObject({ ask: 'set_settings', settings: { quiet: { from: 1320, until: 420, weekends: true } } });
  await fireEvent.change(times, { target: { value: 'own' } });
  await fireEvent.change(screen.getByLabelText('From'), { target: { value: '12:30' } });
  await settled();
  expect(host.asked.at(-1)).toMatchObject({ settings: { quiet: { from: 750, weekends: true } } });
});

test('a report is shown whole before it is copied', async () => {
  await show(scene('settings-report'));
  await open('Advanced');
  await fireEvent.click(screen.getByRole('button', { name: 'Show the report' }));
  await settled();
  expect(screen.getByRole('region', { name: 'The report, all of it' }).textContent).toContain('refresh_failed no_answer');
  expect(screen.getByRole('button', { name: 'Copy the report' })).toBeTruthy();
});

test('starting over asks, removes each organisation, and sets the settings back last', async () => {
  const { host, desk } = await show(scene('settings-reset'));
  await open('Advanced');
  await fireEvent.click(screen.getByRole('button', { name: 'Reset Latchkey…' }));
  const dialog = screen.getByRole('alertdialog', { name: 'Reset Latchkey?' });
  expect([dialog.textContent?.includes('stops pay-dev'), document.activeElement?.textContent?.trim()]).toEqual([true, 'Cancel']);
  expect(host.asked).toEqual([]);
  await fireEvent.click(screen.getByRole('button', { name: 'Reset Latchkey' }));
  await settled();
  expect(host.asked).toEqual([{ ask: 'remove_organisation', org: 'acme' }, { ask: 'reset_settings' }]);
  expect(desk.view).toBe('portal');
});

test('what cannot be removed stops starting over', async () => {
  const { host } = await show(scene('settings-reset'));
  await open('Advanced');
  host.scene.reply = () => ({ reply: 'failed', field: null, problem: problem('Cannot write ~/.aws/credentials', '', '') });
  await fireEvent.click(screen.getByRole('button', { name: 'Reset Latchkey…' }));
  await fireEvent.click(screen.getByRole('button', { name: 'Reset Latchkey' }));
  await settled();
  expect(host.asked.map(({ ask }) => ask)).toEqual(['remove_organisation']);
});

test('each organisation has a browser of its own, in a private window where it has such', async () => {
  const { host } = await show(scene('settings-organisations'));
  await open('Organisations');
  await settled();
  const chosen = screen.getByRole<HTMLSelectElement>('combobox', { name: 'Browser of Acme' });
  expect([chosen.value, screen.queryByRole('checkbox')]).toEqual(['', null]);
  await fireEvent.change(chosen, { target: { value: 'firefox-esr.desktop' } });
  await settled();
  const browsers = { acme: { browser: 'firefox-esr.desktop', private: false, container: '' } };
  expect(host.asked.at(-1)).toMatchObject({ ask: 'set_settings', settings: { browsers } });
  host.send({ ...host.scene.state, settings: { ...settings(), browsers } });
  await settled();
  await fireEvent.click(screen.getByRole('checkbox', { name: 'Open Acme in a private window' }));
  await settled();
  expect(host.asked.at(-1)).toMatchObject({ settings: { browsers: { acme: { private: true } } } });
  await fireEvent.change(chosen, { target: { value: '' } });
  await settled();
  expect(host.asked.at(-1)).toMatchObject({ settings: { browsers: {} } });
});

test('a container is of the browsers that have such, and goes before a private window', async () => {
  const { host } = await show(scene('settings-browser'));
  await open('Organisations');
  await settled();
  const field = screen.getByLabelText('Container of Acme');
  await fireEvent.input(field, { target: { value: ' Work ' } });
  await fireEvent.change(field);
  await settled();
  const browsers = { acme: { browser: 'firefox-esr.desktop', private: false, container: 'Work' } };
  expect(host.asked.at(-1)).toMatchObject({ settings: { browsers } });
  host.send({ ...host.scene.state, settings: { ...settings(), browsers } });
  await settled();
  expect([screen.queryByRole('checkbox'), screen.getByText(/Needs the extension/)]).toEqual([null, expect.anything()]);
  await fireEvent.change(screen.getByRole('combobox', { name: 'Browser of Acme' }), { target: { value: 'chromium.desktop' } });
  await settled();
  expect(host.asked.at(-1)).toMatchObject({ settings: { browsers: { acme: { browser: 'chromium.desktop', container: '' } } } });
});

test('what the organisation decided is locked, says so, and sends nothing', async () => {
  const { host } = await show(scene('settings-policy'));
  await open('Credentials');
  const off = screen.getByRole<HTMLButtonElement>('switch', { name: 'Remove credentials when I quit' });
  const about = (element: HTMLElement) => (element.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent.trim());
  expect([off.disabled, about(off)]).toEqual([true, ['Otherwise they stay in the file and work until they expire.', 'Set by your organisation']]);
  off.click();
  for (const name of ['Replace credentials before they expire', 'How a new profile gets its credentials']) {
    const choice = screen.getByLabelText<HTMLSelectElement>(name);
    expect([choice.disabled, about(choice)]).toEqual([true, ['Set by your organisation']]);
  }
  expect(host.asked).toEqual([]);
  await open('General');
  expect(screen.getByRole<HTMLButtonElement>('switch', { name: 'Start when I sign in to this computer' }).disabled).toBe(false);
});

test('rules, roles and the proxy of the organisation stand there and cannot be taken away', async () => {
  await show(scene('settings-policy-safety'));
  await open('Safety');
  const row = screen.getByRole('row', { name: /\^pay\.\*-live\$/ });
  expect([within(row).queryByRole('button'), within(row).getByText('Set by your organisation')]).toEqual([null, expect.anything()]);
  expect(within(screen.getByRole('row', { name: /break-\?glass/ })).queryByRole('button')).toBe(null);
  expect(screen.getByRole('button', { name: 'Remove, @lab\\.acme' })).toBeTruthy();
  expect(screen.getByLabelText<HTMLSelectElement>('A touch opens a role for').disabled).toBe(true);
});

test('a proxy of the organisation cannot be typed over, and a file that is not used is told', async () => {
  await show(scene('settings-policy-network'));
  await open('Network');
  expect([screen.getByLabelText<HTMLInputElement>('Proxy').disabled, screen.getByLabelText<HTMLInputElement>('No proxy for').disabled]).toEqual([true, false]);
  cleanup();
  await show(scene('settings-policy-bad'));
  expect(screen.getByText(/Line 3 of \/etc\/latchkey\/policy\.json/)).toBeTruthy();
});

test('what a new profile gets is chosen, and the form begins with it', async () => {
  const { host } = await show(scene('settings-credentials'));
  await open('Credentials');
  await fireEvent.change(screen.getByLabelText('How a new profile gets its credentials'), { target: { value: 'on_demand' } });
  expect(host.asked.at(-1)).toMatchObject({ settings: { default_delivery: 'on_demand' } });
});

test('the tray can be set where there is one, with what it can do there', async () => {
  const first = await show(scene('settings-tray'));
  await open('Tray');
  expect(screen.queryByLabelText('A left click')).toBe(null);
  await fireEvent.change(screen.getByLabelText('Favourites'), { target: { value: '2' } });
  expect(first.host.asked.at(-1)).toMatchObject({ settings: { tray: { ...settings().tray, favourites: 2, accounts: 10 } } });
  await fireEvent.click(screen.getByRole('switch', { name: 'Show the tray icon' }));
  expect(first.host.asked.at(-1)).toMatchObject({ settings: { tray: { icon: false } } });
  cleanup();
  const second = await show(scene('settings-tray-clicks'));
  await open('Tray');
  await fireEvent.change(screen.getByLabelText('A left click'), { target: { value: 'menu' } });
  expect(second.host.asked.at(-1)).toMatchObject({ settings: { tray: { left_click: 'menu' } } });
  cleanup();
  await show({ ...scene('settings'), state: state({ tray_host: null, tray: false }) });
  expect(within(screen.getByRole('navigation', { name: 'Settings sections' })).queryByRole('button', { name: 'Tray' })).toBe(null);
});

test('the sound is off until it is wanted', async () => {
  const { host } = await show(scene('settings-notifications'));
  await open('Notifications');
  await fireEvent.click(screen.getByRole('switch', { name: "Play the system's sound for what cannot wait" }));
  expect(host.asked.at(-1)).toMatchObject({ settings: { sound: true } });
});

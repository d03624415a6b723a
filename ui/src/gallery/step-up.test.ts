// @vitest-environment jsdom
import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { afterEach, expect, test, vi } from 'vitest';
import type { UiPrompt } from '../bindings';
import type { PromptHost } from '../host/prompt';
import TouchPrompt from '../keys/TouchPrompt.svelte';
import { clock } from '../kit/clock.svelte';
import { NOW } from './organisation';
import { scene, settled, show } from './page';

afterEach(() => void vi.useRealTimers());

function asked(name: string) {
  const { prompt } = scene(name);
  if (!prompt) throw new Error('it asks');
  clock.stop(NOW);
  window.matchMedia ??= (media) => ({ matches: false, media, addEventListener: () => undefined, removeEventListener: () => undefined }) as unknown as MediaQueryList;
  const told: string[] = [];
  let tell: (now: UiPrompt) => void = () => undefined;
  const host: PromptHost = {
    prompt: () => Promise.resolve(prompt),
    onPrompt: (changed) => ((tell = changed), () => undefined),
    enterPin: () => Promise.resolve(void told.push('pin')),
    anotherKey: () => Promise.resolve(void told.push('another')),
    allow: () => Promise.resolve(void told.push('allowed')),
    giveUp: () => Promise.resolve(void told.push('denied')),
  };
  render(TouchPrompt, { prompt, host });
  return { prompt, told, tell: (now: UiPrompt) => tell(now) };
}

test('a program is named with all that is asked, and "Deny" has the focus', async () => {
  const { told } = asked('touch-tool');
  await settled();
  const dialog = screen.getByRole('alertdialog', { name: 'Touch your key to hand out payments-prod as Administrator' });
  for (const fact of ['payments-prod, 1111-2222-3333', 'Administrator', 'production', 'terraform, process 4312', '/usr/local/bin/terraform']) expect(within(dialog).getByText(fact)).toBeTruthy();
  expect(dialog.getAttribute('aria-describedby')).toBe('prompt-body prompt-facts');
  const deny = within(dialog).getByRole('button', { name: 'Deny' });
  expect(document.activeElement).toBe(deny);
  expect(within(dialog).getByText('48 s left')).toBeTruthy();
  await fireEvent.click(deny);
  await fireEvent.keyDown(window, { key: 'Escape' });
  await fireEvent.click(within(dialog).getByRole('button', { name: 'Use another key' }));
  expect(told).toEqual(['denied', 'denied', 'another']);
});

test('a program is allowed in words, and not by a click that was meant for another window', async () => {
  vi.useFakeTimers();
  const { told } = asked('prompt-allow');
  await vi.advanceTimersByTimeAsync(0);
  const dialog = screen.getByRole('alertdialog', { name: 'Allow pay-admin for terraform?' });
  const allow = within(dialog).getByRole<HTMLButtonElement>('button', { name: 'Allow for 15 min' });
  expect(document.activeElement).toBe(within(dialog).getByRole('button', { name: 'Deny' }));
  allow.click();
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(700);
  await fireEvent.click(allow);
  expect(told).toEqual(['allowed']);
});

test('what becomes of it is shown as it is told', async () => {
  const { prompt, tell } = asked('touch-console');
  await settled();
  tell({ ...prompt, wrong: 'Solo 2 is not known here.', touch: prompt.touch && { ...prompt.touch, step: 'insert', instruction: 'Plug in another key, or hold it to the reader.' } });
  await settled();
  expect(screen.getByRole('alert').textContent).toContain('Solo 2 is not known here.');
  expect(screen.getByText('Plug in another key, or hold it to the reader.')).toBeTruthy();
});

test('keys are added, removed and asked for in Settings', async () => {
  const { host, desk } = await show(scene('settings-step-up'));
  desk.settingsSection = 'safety';
  await settled();
  await fireEvent.click(screen.getByRole('button', { name: 'Add another key' }));
  await settled();
  expect(host.asked.at(-1)).toEqual({ ask: 'step_up', step_up: { wish: 'add_key' } });
  await fireEvent.click(screen.getByRole('button', { name: 'Remove, Solo 2' }));
  await settled();
  expect(host.asked.at(-1)).toEqual({ ask: 'step_up', step_up: { wish: 'forget_key', id: '0b' } });
  await fireEvent.click(screen.getByRole('switch', { name: 'Ask for the PIN or a fingerprint as well' }));
  await settled();
  expect(host.asked.at(-1)).toMatchObject({ ask: 'set_settings', settings: { safety: { step_up_verify: true } } });
  await fireEvent.click(screen.getByRole('button', { name: 'Remove, payments-dev, PowerUser' }));
  await settled();
  expect(host.asked.at(-1)).toMatchObject({ ask: 'set_settings', settings: { safety: { step_up_marked: [] } } });
});

test('a rule for roles is tried while it is typed, added and removed', async () => {
  const { host, desk } = await show(scene('settings-step-up'));
  desk.settingsSection = 'safety';
  await settled();
  const form = screen.getByRole('form', { name: 'Add a rule for roles' });
  vi.useFakeTimers();
  await fireEvent.input(within(form).getByLabelText('Role'), { target: { value: ' ^admin ' } });
  vi.advanceTimersByTime(250);
  vi.useRealTimers();
  await settled();
  expect(host.asked.at(-1)).toEqual({ ask: 'step_up', step_up: { wish: 'try', pattern: { role: '^admin', account: '' } } });
  expect(within(form).getByRole('status').textContent).toContain('Matches 2 roles');
  await fireEvent.input(within(form).getByLabelText('Account'), { target: { value: 'prod' } });
  await fireEvent.click(within(form).getByRole('button', { name: 'Add rule for roles' }));
  await settled();
  const before = [
    { role: '^deploy', account: '' },
    { role: 'breakglass', account: '-live$' },
  ];
  const set = (step_up_patterns: typeof before) => ({ ask: 'set_settings', settings: { safety: { step_up_patterns } } });
  expect(host.asked.at(-1)).toMatchObject(set([...before, { role: '^admin', account: 'prod' }]));
  await fireEvent.click(screen.getByRole('button', { name: 'Remove, ^deploy' }));
  await settled();
  expect(host.asked.at(-1)).toMatchObject(set(before.slice(1)));
});

// @vitest-environment jsdom
import { clearMocks, mockIPC } from '@tauri-apps/api/mocks';
import { afterEach, expect, test } from 'vitest';
import type { UiPrompt } from '../bindings';
import { tauriPrompt } from './tauri-prompt';

afterEach(clearMocks);

const named = (title: string) => ({ title }) as UiPrompt;

/** The shell: what it is asked waits until it is let answer; what it tells comes at once. */
function shell() {
  let answer: (prompt: UiPrompt) => void = () => undefined;
  let tell: (payload: UiPrompt) => void = () => undefined;
  mockIPC((command, payload) => {
    if (command === 'plugin:event|listen') {
      const { handler } = payload as { handler: number };
      const { runCallback } = (window as unknown as { __TAURI_INTERNALS__: { runCallback: (id: number, event: unknown) => void } }).__TAURI_INTERNALS__;
      tell = (told) => runCallback(handler, { event: 'prompt', id: 1, payload: told });
      return 1;
    }
    return new Promise((resolve) => (answer = resolve));
  });
  return { answer: (prompt: UiPrompt) => answer(prompt), tell: (prompt: UiPrompt) => tell(prompt) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test('an answer that was overtaken by what was told later changes nothing', async () => {
  const from = shell();
  const seen: string[] = [];
  tauriPrompt.onPrompt(({ title }) => seen.push(title));
  await settled();
  from.tell(named('Touch it now'));
  from.answer(named('Talking to the key'));
  await settled();
  expect(seen).toEqual(['Touch it now']);
});

test('what changed before anybody listened is asked for', async () => {
  const from = shell();
  const seen: string[] = [];
  tauriPrompt.onPrompt(({ title }) => seen.push(title));
  await settled();
  from.answer(named('Touch it now'));
  await settled();
  from.tell(named('Asking your organisation'));
  expect(seen).toEqual(['Touch it now', 'Asking your organisation']);
});

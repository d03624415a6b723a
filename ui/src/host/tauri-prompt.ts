import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { UiPrompt } from '../bindings';
import type { PromptHost } from './prompt';

/** The real one. Bytes cross as they are, not as JSON. */
export const tauriPrompt: PromptHost = {
  prompt: () => invoke('prompt'),
  onPrompt: (changed) => {
    let told = false;
    const hears = listen<UiPrompt>('prompt', ({ payload }) => {
      told = true;
      changed(payload);
    });
    // What changed before anybody listened is asked for once more. The answer comes by another way than what is
    // told, and may be overtaken by it: then it is the older of both.
    void hears.then(async () => {
      const now = await tauriPrompt.prompt();
      if (now && !told) changed(now);
    });
    // The window ends with its question.
    return () => undefined;
  },
  enterPin: (bytes) => invoke('enter_pin', bytes),
  anotherKey: () => invoke('another_key'),
  allow: () => invoke('allow'),
  giveUp: () => invoke('give_up'),
};

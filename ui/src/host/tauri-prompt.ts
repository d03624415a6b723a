import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { UiPrompt } from '../bindings';
import type { PromptHost } from './prompt';

/** The real one. Bytes cross as they are, not as JSON. */
export const tauriPrompt: PromptHost = {
  prompt: () => invoke('prompt'),
  onPrompt: (changed) => {
    // What changed before anybody listened is asked for once more.
    void listen<UiPrompt>('prompt', ({ payload }) => changed(payload)).then(async () => {
      const now = await tauriPrompt.prompt();
      if (now) changed(now);
    });
    // The window ends with its question.
    return () => undefined;
  },
  enterPin: (bytes) => invoke('enter_pin', bytes),
  anotherKey: () => invoke('another_key'),
  allow: () => invoke('allow'),
  giveUp: () => invoke('give_up'),
};

import { invoke } from '@tauri-apps/api/core';
import type { PromptHost } from './prompt';

/** The real one. Bytes cross as they are, not as JSON. */
export const tauriPrompt: PromptHost = {
  prompt: () => invoke('prompt'),
  enterPin: (bytes) => invoke('enter_pin', bytes),
  giveUp: () => invoke('give_up'),
};

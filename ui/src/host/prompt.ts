import type { UiPrompt } from '../bindings';

/** What the window for PINs knows of the world outside: one question, one answer. */
export interface PromptHost {
  /** The question; nothing where it is over already. */
  prompt(): Promise<UiPrompt | null>;
  /** The answer, as bytes, once. The window is destroyed by it. */
  enterPin(bytes: Uint8Array): Promise<void>;
  /** No answer. The window is destroyed by it. */
  giveUp(): Promise<void>;
}

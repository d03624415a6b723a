import type { UiPrompt } from '../bindings';

/** What a window that asks on its own knows of the world outside: one question, one answer. */
export interface PromptHost {
  /** The question; nothing where it is over already. */
  prompt(): Promise<UiPrompt | null>;
  /** Told how far the question is; what it gives ends that. */
  onPrompt(changed: (prompt: UiPrompt) => void): () => void;
  /** The answer, as bytes, once. The window is destroyed by it. */
  enterPin(bytes: Uint8Array): Promise<void>;
  /** Another key than the one that waits for a touch. */
  anotherKey(): Promise<void>;
  /** Yes, where a word is enough. The window is destroyed by it. */
  allow(): Promise<void>;
  /** No answer. The window is destroyed by it. */
  giveUp(): Promise<void>;
}

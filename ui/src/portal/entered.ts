import type { UiShortcut } from '../bindings';
import { keyOf } from './row';

/** The rows of a list in the order of before, each with what is known of it now. */
export function asEntered(before: UiShortcut[], now: UiShortcut[]): UiShortcut[] {
  return before.map((one) => now.find((other) => keyOf(other) === keyOf(one)) ?? one);
}

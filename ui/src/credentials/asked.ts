import type { UiProfile } from '../bindings';
import { ago } from '../kit/time';

/** When a program asked last for credentials that lie in no file. */
export function asked(now: number, profile: UiProfile): string {
  if (profile.delivery === 'copy_only') return '–';
  return profile.asked ? `asked ${ago(now, profile.asked)}` : 'not asked yet';
}

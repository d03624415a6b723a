import type { UiLocked, UiPolicy } from '../bindings';

/** Who decided what nobody here can change. */
export const BY_POLICY = 'Set by your organisation';

/** The words beside a setting that the organisation decided. */
export const lockOf = (policy: UiPolicy | undefined, setting: UiLocked) => (policy?.locked.includes(setting) ? BY_POLICY : undefined);

import { KEY_SCENES } from './key-scenes';
import { PORTAL_SCENES } from './portal-scenes';
import { SIGN_IN_SCENES } from './sign-in-scenes';
import { SIGN_IN_APP_SCENES } from './sign-in-app-scenes';
import { CREDENTIALS_SCENES } from './credentials-scenes';
import { ACTIVITY_SCENES } from './activity-scenes';
import { SETTINGS_SCENES } from './settings-scenes';
import { FIRST_RUN_SCENES } from './first-run-scenes';
import { STEP_UP_SCENES } from './step-up-scenes';
import type { Shown } from './state';

export { button, problem, reads, state, type Shown } from './state';

/** Every state by its name; `states.json` lists the same names for those who take pictures. */
export const SCENES: Record<string, () => Shown> = {
  ...PORTAL_SCENES,
  ...SIGN_IN_SCENES,
  ...CREDENTIALS_SCENES,
  ...ACTIVITY_SCENES,
  ...SETTINGS_SCENES,
  ...FIRST_RUN_SCENES,
  ...KEY_SCENES,
  ...SIGN_IN_APP_SCENES,
  ...STEP_UP_SCENES,
};

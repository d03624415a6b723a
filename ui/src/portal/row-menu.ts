import type { UiClass, UiProfile } from '../bindings';
import type { Desk, Place } from '../desk/desk.svelte';
import type { MenuItem } from '../kit/menu';
import { ENVIRONMENTS } from './environments';
import { roleArnPattern, type RoleLine } from './row';

const LABELS: { label: string; environment: UiClass | null }[] = [
  ...ENVIRONMENTS.map(({ value, label }) => ({ label, environment: value })),
  { label: 'Guess from the name', environment: null },
];

/** What the row itself does. */
export interface Doing {
  openAtService: () => void;
  openPrivately: () => void;
  keys: () => void;
  link: () => void;
}

/** Asks whether the environment that the name suggests is right. */
export function ask(desk: Desk, { grant, account, environment }: RoleLine) {
  desk.guessed = { org: grant.org, account: grant.account, name: account, environment };
}

/** The menu of a role's row; `closed` while no console opens. */
export function rowMenu(desk: Desk, line: RoleLine, place: Place, profile: UiProfile | undefined, closed: boolean, doing: Doing): (MenuItem | null)[] {
  const { grant, environment: now } = line;
  const marked = desk.state?.settings.safety.step_up_marked.some(({ account, role }) => account === grant.account && role === grant.role) ?? false;
  const hidden = desk.arrangement.isHidden(grant);
  const arn = desk.org?.kind === 'aws' ? roleArnPattern(desk.org.region, grant) : null;
  return [
    { label: 'Open console at service…', disabled: !line.listed || closed, chosen: doing.openAtService },
    { label: 'Open in a private window', disabled: !line.listed || closed, chosen: doing.openPrivately },
    null,
    { label: profile ? 'Keep fresh as another profile…' : 'Keep fresh as…', chosen: doing.keys },
    { label: 'Copy environment', chosen: () => void desk.copyEnvironment(grant) },
    { label: 'Copy link', chosen: doing.link },
    // In the row of an account it stands on a button, where nothing can be selected.
    { label: 'Copy account number', chosen: () => void desk.copied(grant.account, 'Account number copied.') },
    ...(arn ? [{ label: 'Copy role ARN pattern', chosen: () => void desk.copied(arn, 'Pattern copied. It fits this role in policies, whatever its ending.') }] : []),
    null,
    {
      label: 'Ask for a touch of my key',
      checked: marked,
      chosen: () => void desk.ask({ ask: 'step_up', step_up: { wish: 'mark', grant, on: !marked } }),
    },
    ...(now.guessed ? [{ label: `Guessed: ${now.word}. Right?…`, chosen: () => ask(desk, line) }] : []),
    ...(now.decided
      ? [{ label: `Environment: ${now.word}, set by your organisation`, disabled: true, chosen: () => undefined }]
      : LABELS.map(({ label, environment }) => ({
          label: environment ? `Environment: ${label}` : label,
          checked: environment === null ? now.guessed : !now.guessed && environment === now.class,
          chosen: () => void desk.ask({ ask: 'set_environment', org: grant.org, account: grant.account, environment }),
        }))),
    ...(place === 'accounts'
      ? [null, { label: hidden ? 'Show in the list again' : 'Hide from this list', chosen: () => desk.arrangement.hide(grant, !hidden) }]
      : []),
  ];
}

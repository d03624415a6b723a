import type { UiActivity, UiActivityKind, UiBanner, UiBy, UiButton, UiDeliveryChoice, UiNetwork, UiOrganisation, UiProblem, UiPrompt, UiRecord, UiReply, UiRequest, UiSettings, UiState, UiView } from '../bindings';
import { fits } from '../activity/filter';
import type { Tab } from '../desk/desk.svelte';
import type { Arrangement } from '../portal/arrangement.svelte';
import type { Scene } from '../host/fake';
import { HOUR, MINUTE, NOW, appShortcut, organisation, portal, profile, shortcut } from './organisation';

/** As the view words them. */
const DELIVERIES: UiDeliveryChoice[] = [
  {
    delivery: 'credentials_file',
    label: 'Credentials file',
    line: 'Written to ~/.aws/credentials and replaced before it expires. Works with every tool, but a program that is already running keeps the old keys until restarted. Any program you run can read the file.',
    sample_line: "Written to the sample organisation's own credentials file and replaced before it expires. Works with every tool, but a program that is already running keeps the old keys until restarted. Any program you run can read the file.",
    privileged: false,
    usual: true,
  },
  {
    delivery: 'on_demand',
    label: 'On demand (credential_process)',
    line: 'Tools ask Latchkey each time, also long-running ones. No key stands in a file. Works while Latchkey does not run, too; suggested for privileged roles.',
    sample_line: 'Tools ask Latchkey each time, also long-running ones. No key stands in a file.',
    privileged: true,
    usual: false,
  },
  {
    delivery: 'sso_cache',
    label: 'SSO cache',
    line: "Keeps the AWS CLI's own sign-in fresh, so that sso_session profiles just work. It lies in ~/.aws/sso/cache as plain text: a program that reads it can use every role you have.",
    sample_line: null,
    privileged: false,
    usual: false,
  },
  { delivery: 'copy_only', label: 'Copy only', line: 'Nothing is written. You copy when you need it.', sample_line: 'Nothing is written. You copy when you need it.', privileged: false, usual: false },
];

/** A scene, and what one does in it before the picture is taken. */
export interface Shown extends Scene {
  view?: UiView;
  tab?: Tab;
  query?: string;
  section?: string;
  /** What the window kept. */
  remembered?: Record<string, string>;
  /** How the person likes the list. */
  prefer?: Partial<Pick<Arrangement, 'sort' | 'appSort' | 'grouping' | 'hidden'>>;
  /** The window for PINs, in place of the other one. */
  prompt?: UiPrompt;
  /** Milliseconds that pass before anything is pressed. */
  later?: number;
  /** Names of buttons to press, one after another. */
  press?: string[];
  /** Text for the field of this name. */
  type?: [string, string];
  /** A value for the choice of this name. */
  choose?: [string, string];
  /** The state that comes when all that is done. */
  after?: UiState;
}

export const button = (label: string, change: Partial<UiButton> = {}): UiButton => ({ label, action: { action: 'dismiss' }, danger: false, ...change });
export const signIn = button('Sign in', { action: { action: 'ask', request: { ask: 'sign_in', org: 'acme', method: null } } });

export const problem = (title: string, meaning: string, next: string, ...buttons: UiButton[]): UiProblem => ({
  title,
  meaning,
  next,
  buttons,
  details: 'UnauthorizedException, request 7d0c0f4e, 14:03:58',
});

export const banner = (kind: UiBanner['kind'], title: string, body: string, ...buttons: UiButton[]): UiBanner => ({ kind, title, body, buttons, until: null });

export const line = (sentence: string, minutes: number, kind: UiActivityKind, by: UiBy, account: string | null = null, role = '', ok = true): Omit<UiActivity, 'id'> => ({
  at: NOW - minutes * MINUTE,
  kind,
  sentence,
  subject: account && `${account}, ${role}`,
  account: account && `acme/${account}`,
  by,
  ok,
  group: kind === 'profile' && ok ? sentence : '',
});
export const ACTIVITY: UiActivity[] = [
  line('Opened the console of payments-prod', 6, 'launch', 'you', 'payments-prod', 'ReadOnly'),
  line('Refreshed pay-dev, valid until 14:46', 18, 'profile', 'schedule', 'payments-dev', 'PowerUser'),
  line('Refreshed pay-dev, valid until 14:46', 58, 'profile', 'schedule', 'payments-dev', 'PowerUser'),
  line('Refreshed pay-dev, valid until 14:46', 98, 'profile', 'schedule', 'payments-dev', 'PowerUser'),
  line('Could not refresh data-stg: the portal did not answer', 102, 'profile', 'schedule', 'data-staging', 'Developer', false),
  line('Held back a notification that a refresh keeps failing: the window was in front', 103, 'notification', 'schedule'),
  line('Confirmed opening the console as Administrator in payments-prod: "ticket 4711"', 106, 'safety', 'you', 'payments-prod', 'Administrator'),
  line('Signed in to Acme as sam@acme.test', 110, 'sign_in', 'you'),
  line('Stopped keeping old-tools fresh', 26 * 60, 'profile', 'you', 'identity', 'ReadOnly'),
  line('Updated Acme: 12 accounts and 9 apps, 1 role gained', 26.5 * 60, 'organisation', 'schedule'),
  line('Opened the console of storefront-dev', 27 * 60, 'launch', 'you', 'storefront-dev', 'Developer'),
  line('Started to keep pay-dev fresh', 30 * 60, 'profile', 'you', 'payments-dev', 'PowerUser'),
].map((one, at) => ({ ...one, id: 1210 - at }));

export const RECORD: UiRecord = { text: 'Record chain intact', checked: NOW - 2 * MINUTE, checking: false, note: '', problem: null };

/** What the Rust side answers about Activity. */
export function reads(state: UiState, request: UiRequest): UiReply | null {
  if (request.ask === 'activity_entry') {
    const found = state.activity.find(({ id }) => id === request.id);
    const event = { event: 'refreshed', profile: 'pay-dev', grant: { org: 'acme', account: '111122224444', role: 'PowerUser' }, account_name: 'payments-dev', expires: '2026-11-24T13:46:00Z', key_tail: '7QXD' };
    return { reply: 'entry', json: found ? JSON.stringify({ id: found.id, at: new Date(found.at).toISOString(), by: found.by, event }, null, 2) : '' };
  }
  if (request.ask === 'copy_environment' || request.ask === 'copy_credentials') return { reply: 'copied', until: NOW + 42 * MINUTE };
  if (request.ask === 'try_rule')
    return request.pattern.includes('(')
      ? { reply: 'failed', field: 'pattern', problem: { title: 'That pattern cannot be read', meaning: 'It is no regular expression: unclosed group.', next: 'Correct it; a plain word such as prod fits wherever it stands.', buttons: [], details: '' } }
      : { reply: 'fits', text: 'Matches 3 accounts: payments-dev, payments-prod, payments-staging.' };
  if (request.ask !== 'history') return null;
  const fitting = state.activity.filter((one) => fits(one, request.filter) && (request.before === null || one.id < request.before));
  const names = [...new Set(state.activity.flatMap(({ account }) => account ?? []))].sort();
  return { reply: 'activity', lines: fitting.slice(0, request.limit), more: fitting.length > request.limit, accounts: names.map((id) => ({ id, name: id.replace('acme/', '') })) };
}

export const SETTINGS: UiSettings = {
  autostart: true,
  keep_running: true,
  theme: 'system',
  compact: false,
  text_size: 100,
  reduce_motion: false,
  search_key: true,
  notifications: true,
  hide_details: false,
  sound: false,
  quiet_hours: false,
  remove_on_quit: false,
  refresh_lead: 20,
  default_delivery: 'credentials_file',
  tray: { icon: true, left_click: 'menu', time_beside: false, favourites: 6, recents: 3, accounts: 20 },
  told: { sign_in_ending: true, sign_in_ended: true, expired: true, failing: true, access_removed: true, conflict: true, clock: false, launch_failed: true, time_over: true, copied: true, new_access: false, pin_low: true, update_ready: true },
  quiet: { from: 18 * 60, until: 9 * 60, weekends: true },
  safety: { default_allowed: [], rules: [], step_up_minutes: 15, step_up_verify: false, step_up_lock_ends: true, step_up_marked: [], step_up_patterns: [] },
  browsers: {},
};
export const REPORT = `Latchkey: 0.1.0
System: linux x86_64
Time: 2026-11-24T13:04:00Z
Online: yes
Clock off by: nothing that matters
Keyring: ready
Proxy: none
Extra certificates: none
Store: ready
Settings file: ready
Credentials file: ready
AWS config file: 9 profiles, 2 not ours, 0 lines unread
Organisation 1: AWS, eu-west-1, signed in, 12 accounts, idle
Profiles kept fresh: 1 fresh

Lately, newest first:
2026-11-24T12:58:00Z console_opened
2026-11-24T12:46:00Z refreshed
2026-11-24T11:22:00Z refresh_failed no_answer
`;
export const NETWORK: UiNetwork = {
  proxy: '',
  no_proxy: '',
  ca_file: '',
  in_force: [
    { name: 'Proxy', value: 'None', by: '' },
    { name: 'Extra certificates', value: 'None, those of this computer count', by: '' },
  ],
};
export const PLACES = [
  { name: 'Settings file', path: '/home/sam/.config/latchkey/latchkey.toml', about: 'What you set here. You may edit it while Latchkey does not run.' },
  { name: 'Logs', path: '/home/sam/.local/state/latchkey/logs', about: 'One file a day, kept for a week. No secret is in them.' },
  { name: 'Data', path: '/home/sam/.local/share/latchkey/latchkey.db', about: 'Organisations, accounts and Activity. Secrets in it are sealed with a key in your keyring.' },
];

export function state(change: Partial<UiState> = {}, org: Partial<UiOrganisation> = {}): UiState {
  return {
    at: NOW,
    loaded: true,
    first_run: null,
    import: null,
    converted: [],
    organisations: [organisation(org)],
    chosen: null,
    favourites: [shortcut('payments-prod', 'ReadOnly'), shortcut('payments-dev', 'PowerUser'), appShortcut('Grafana'), shortcut('storefront-dev', 'Developer')],
    recents: [shortcut('data-staging', 'Developer'), shortcut('audit-log', 'SecurityAudit')],
    launches: [],
    app_launches: [],
    profiles: [profile('pay-dev', 'payments-dev', 'PowerUser', 'fresh', 42)],
    deliveries: DELIVERIES,
    credentials_line: 'Next refresh 14:26. Sign-in lasts until 20:16, so everything can refresh until then.',
    attention: '',
    strips: [],
    file: { path: '~/.aws/credentials', notes: [], foreign: ['old-keys (long-lived key, here for at least 12 days)', 'terraform'], backup: '~/.aws/credentials.latchkey-20261120-083100.bak', backup_made: NOW - 4 * 24 * HOUR },
    pause: null,
    online: true,
    tray_host: { clicks: false, text: false },
    tray: true,
    closed_text: 'Latchkey keeps refreshing in the background. Open it again from the tray.',
    keyring: null,
    clock: null,
    activity: ACTIVITY,
    record: RECORD,
    settings: SETTINGS,
    policy: { locked: [], rules: [], marked: [], patterns: [], problem: null },
    network: NETWORK,
    places: PLACES,
    used_apps: [appShortcut('Wiki').app, appShortcut('Grafana').app],
    most_used: [shortcut('storefront-qa', 'Developer').grant, shortcut('payments-dev', 'PowerUser').grant, shortcut('data-staging', 'Developer').grant],
    most_used_apps: [appShortcut('Grafana').app],
    used: [shortcut('data-staging', 'Developer').grant, shortcut('payments-dev', 'PowerUser').grant],
    store_problem: null,
    autostart_problem: null,
    settings_problem: null,
    sandbox: null,
    keys: { looking: true, keys: [], selected: null, trouble: null, running: null, ended: null, unlocked: null, reset: null, spare: null },
    step_up: { waiting: null, keys: [], marked: [] },
    quit: { title: 'Quit Latchkey?', body: 'pay-dev stops being kept fresh. It works until 14:46.', confirm: 'Quit Latchkey', ask: true },
    ...change,
  };
}

export const WITHOUT_TRAY = 'Latchkey keeps refreshing in the background. Open it again from your applications.';

export const scene = (shown: Partial<Shown> & { state?: UiState } = {}): Shown => {
  const made: Shown = { state: state(), portals: { acme: portal() }, ...shown };
  return { ...made, reply: (request) => shown.reply?.(request) ?? reads(made.state, request) ?? { reply: 'done' } };
};

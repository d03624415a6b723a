import type { UiAccount, UiClass, UiEnvironment, UiOrganisation, UiApp, UiPortal, UiProfile, UiRole, UiSensitivity, UiShortcut, UiStatus } from '../bindings';

/** A Tuesday afternoon: the moment of every picture. */
export const NOW = new Date(2026, 10, 24, 14, 4).getTime();
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

const CHIPS: Record<UiClass, [string | null, string]> = {
  production: ['PROD', 'production'],
  staging: ['STG', 'staging'],
  shared: ['SHARED', 'shared'],
  test: ['TEST', 'test'],
  development: ['DEV', 'development'],
  sandbox: ['SBX', 'sandbox'],
  unlabelled: [null, 'no environment set'],
};

export function environment(kind: UiClass, guessed = true): UiEnvironment {
  const [chip, word] = CHIPS[kind];
  return { class: kind, chip, word, guessed: guessed && chip !== null, decided: false, why: guessed ? 'Guessed from the name.' : 'Set by you.' };
}

function sensitivity(role: string): UiSensitivity {
  if (/admin|poweruser|billing/i.test(role)) return 'privileged';
  return /read|audit/i.test(role) ? 'read_only' : 'normal';
}

export function account(id: string, name: string, kind: UiClass, roles: string[] | null): UiAccount {
  const role = (role: string): UiRole => ({
    name: role,
    sensitivity: sensitivity(role),
    confirm_console: kind === 'production' && sensitivity(role) === 'privileged',
    confirm_copy: kind === 'production',
    confirm_keep: kind === 'production',
    suggested_profile: `${name}-${role}`.toLowerCase(),
  });
  return {
    id,
    id_grouped: id.replace(/(.{4})(.{4})(.{4})/, '$1-$2-$3'),
    name,
    email: `aws-${name}@acme.test`,
    environment: environment(kind, name !== 'payments-prod'),
    roles: roles?.map(role) ?? null,
  };
}

export const ACCOUNTS: UiAccount[] = [
  account('640281190035', 'audit-log', 'shared', ['ReadOnly', 'SecurityAudit']),
  account('381200001122', 'data-staging', 'staging', ['ReadOnly', 'Developer', 'DataEngineer']),
  account('381200004471', 'data-prod', 'production', ['ReadOnly', 'DataEngineer', 'Administrator']),
  account('905418220761', 'identity', 'shared', ['ReadOnly']),
  account('111122224444', 'payments-dev', 'development', ['ReadOnly', 'PowerUser']),
  account('111122223333', 'payments-prod', 'production', ['ReadOnly', 'Administrator']),
  account('111122225555', 'payments-staging', 'staging', ['ReadOnly', 'Developer']),
  account('270036418850', 'playground-sam', 'sandbox', ['Administrator', 'ShortLived']),
  account('518833107724', 'storefront-dev', 'development', ['ReadOnly', 'Developer', 'PowerUser']),
  account('518833107790', 'storefront-prod', 'production', ['ReadOnly', 'Administrator']),
  account('518833107811', 'storefront-qa', 'test', ['Developer']),
  account('733019284456', 'mergers-2019', 'unlabelled', ['ReadOnly', 'Billing']),
];

export const MANY: UiAccount[] = Array.from({ length: 1000 }, (_, at) => {
  const kinds = ['production', 'staging', 'development', 'test', 'shared'] as const;
  const kind = kinds[at % kinds.length] ?? 'unlabelled';
  return account(String(100_000_000_000 + at * 7_919_317), `team-${String(at).padStart(3, '0')}-${kind}`, kind, ['ReadOnly', 'Administrator', 'PowerUser', 'Developer', 'Billing', 'SecurityAudit', 'Incident15', 'DataEngineer', 'NetworkOperator', 'SupportUser']);
});

/** As the organisation's own server draws them. */
const drawn = (letters: string, colour: string) => {
  const text = `<text x="20" y="20" dy=".35em" text-anchor="middle" fill="#fff" font-weight="600" font-family="system-ui, sans-serif" font-size="${letters.length > 2 ? 15 : 19}">${letters}</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" rx="9" fill="${colour}"/>${text}</svg>`;
  return `data:image/svg+xml;base64,${btoa(svg)}`;
};

/** One that draws nothing, so that the letter has to do. */
const BROKEN = 'data:image/png;base64,iVBORw0KGgo=';

const app = (id: string, name: string, description: string | null, icon: string | null): UiApp => ({
  id,
  name,
  description,
  link: `https://acme.awsapps.com/start/#/saml/default/${encodeURIComponent(name)}/${id}`,
  icon,
});

export const APPS: UiApp[] = [
  app('ins-76a853180f2bd901', 'Expense reports', 'Travel and receipts', drawn('ER', '#8f4a66')),
  app('ins-76a853180f2bd902', 'Grafana', 'Dashboards and alerts of all teams', drawn('G', '#85562f')),
  app('ins-76a853180f2bd903', 'Incident rota', 'Who is on call, and how to wake them', null),
  app('ins-76a853180f2bd904', 'PayRoll', null, BROKEN),
  app('ins-76a853180f2bd905', 'Wiki', 'Handbook and runbooks', drawn('W', '#2f6f6a')),
];

export function organisation(change: Partial<UiOrganisation> = {}): UiOrganisation {
  return {
    id: 'acme',
    name: 'Acme',
    start_url: 'https://acme.awsapps.com/start',
    host: 'acme.awsapps.com',
    region: 'eu-west-1',
    kind: 'aws',
    colour: null,
    user: 'sam@acme.test',
    sign_in: { state: 'signed_in', since: NOW - HOUR, ends: NOW + 6 * HOUR + 12.5 * MINUTE, stored: true },
    in_app: null,
    pill: 'Signed in',
    banner: null,
    no_console: null,
    sync: { state: 'idle' },
    sync_text: '',
    synced: NOW - 2 * MINUTE,
    accounts: ACCOUNTS.length,
    accounts_loading: 0,
    portal_revision: '1',
    ...change,
  };
}

export const portal = (accounts = ACCOUNTS, change: Partial<UiPortal> = {}): UiPortal => ({
  org: 'acme',
  revision: '1',
  accounts,
  apps: { state: 'listed', apps: APPS },
  changes: [],
  ...change,
});

export function appShortcut(name: string, listed = true): UiShortcut & { kind: 'app' } {
  const found = APPS.find((one) => one.name === name);
  if (!found) throw new Error(`no app ${name}`);
  return { kind: 'app', app: { org: 'acme', app: found.id }, name, description: found.description, link: found.link, icon: found.icon, listed };
}

export function shortcut(name: string, role: string): UiShortcut & { kind: 'role' } {
  const found = ACCOUNTS.find((account) => account.name === name);
  if (!found) throw new Error(`no account ${name}`);
  const kind = sensitivity(role);
  return {
    kind: 'role',
    grant: { org: 'acme', account: found.id, role },
    account_name: name,
    environment: found.environment,
    sensitivity: kind,
    confirm_console: kind === 'privileged' && found.environment.class === 'production',
    listed: true,
  };
}

const WORDS: Record<UiStatus, [string, string]> = {
  touch_needed: ['Touch needed', 'touch needed'],
  checking: ['Checking', 'checking'],
  fresh: ['Fresh', 'fresh'],
  ready: ['Ready', 'ready'],
  refreshing: ['Refreshing', 'refreshing'],
  due_soon: ['Due soon', 'expires in'],
  retrying: ['Retrying', 'retrying'],
  paused: ['Paused', 'paused'],
  sign_in_needed: ['Sign in needed', 'sign in needed'],
  expired: ['Expired', 'expired'],
  access_removed: ['Access removed', 'access removed'],
  conflict: ['Conflict', 'conflict'],
  not_writable: ['File not writable', 'not written'],
};

export function profile(name: string, account: string, role: string, status: UiStatus, minutes: number, change: Partial<UiProfile> = {}): UiProfile {
  const { grant, account_name, environment, sensitivity } = shortcut(account, role);
  const [status_word, chip] = WORDS[status];
  return {
    name,
    grant,
    account_name,
    environment,
    sensitivity,
    delivery: 'credentials_file',
    delivery_word: 'Credentials file',
    asked: null,
    asked_by: null,
    status,
    status_word,
    chip,
    expires: NOW + minutes * MINUTE,
    lifetime: HOUR,
    written: NOW + (minutes - 60) * MINUTE,
    next_refresh: status === 'fresh' ? NOW + (minutes - 20) * MINUTE : null,
    retry: status === 'retrying' ? NOW + 30_000 : null,
    paused: status === 'paused',
    until: null,
    region: 'eu-west-1',
    key_tail: '7QXD',
    path: '~/.aws/credentials',
    writer: status === 'conflict' ? { ours: false, name: 'Another program', at: NOW - 2 * MINUTE } : { ours: true, name: 'Latchkey', at: NOW + (minutes - 60) * MINUTE },
    refreshes: [],
    problem: null,
    info: null,
    ...change,
  };
}

/** Its refreshes, so many minutes ago, newest first; what failed, with the reason. */
export const refreshes = (...told: [minutes: number, failed?: string][]): UiProfile['refreshes'] =>
  told.map(([minutes, failed], at) => {
    const until = new Date(NOW - (minutes - 60) * MINUTE).toTimeString().slice(0, 5);
    return { id: 900 - at, at: NOW - minutes * MINUTE, text: failed ? `failed: ${failed}` : `refreshed, valid until ${until}`, ok: !failed };
  });

/** A profile whose tools ask each time. */
export const onDemand = (name: string, account: string, role: string, asked: number | null, change: Partial<UiProfile> = {}): UiProfile =>
  profile(name, account, role, 'ready', 0, {
    delivery: 'on_demand',
    delivery_word: 'On demand',
    asked: asked === null ? null : NOW - asked * MINUTE,
    asked_by: asked === null ? null : 'terraform',
    expires: null,
    lifetime: null,
    written: null,
    key_tail: null,
    path: '~/.aws/config',
    writer: { ours: true, name: 'Latchkey', at: NOW - 26 * HOUR },
    ...change,
  });

import type { UiImport, UiImportNote, UiImportProfile, UiImportState } from '../bindings';
import { shortcut } from './organisation';

/** What an AWS config file has, for scenes. */
export const CONFIG_NOTE: UiImportNote = { text: '9 profiles in /home/sam/.aws/config sign in by themselves.' };

const WORDS: Record<UiImportState, [string, string]> = {
  kept: ['Kept in the credentials file', 'As "storefront-keys".'],
  ready: ['Ready', 'Works as it is.'],
  legacy: ['Legacy format', 'Works as it is, in the form that AWS used before.'],
  name_conflict: ['Name conflict', 'Your credentials file has keys of that name too, which some tools take.'],
  no_access: ['No access', 'Acme does not assign this role to you.'],
  incomplete: ['Incomplete', 'No account number.'],
  loading: ['Loading roles...', ''],
  signed_out: ['Sign in to see', ''],
};
const KEEPABLE: UiImportState[] = ['ready', 'legacy', 'name_conflict'];

function profile(name: string, account: string, role: string, state: UiImportState): UiImportProfile {
  const [state_word, about] = WORDS[state];
  const known = state !== 'signed_out' && account !== '';
  const { grant, environment } = known ? shortcut(account, role) : { grant: null, environment: null };
  const keep = KEEPABLE.includes(state) && grant ? { grant, profile: `${name}-keys`, region: 'eu-west-1' } : null;
  return { name, account, environment, role, state, state_word, about, keep };
}

const ACME = [
  profile('pay-dev', 'payments-dev', 'PowerUser', 'ready'),
  profile('pay-ro', 'payments-prod', 'ReadOnly', 'ready'),
  profile('data-stg', 'data-staging', 'Developer', 'legacy'),
  profile('terraform', 'audit-log', 'ReadOnly', 'name_conflict'),
  profile('storefront', 'storefront-dev', 'Developer', 'kept'),
  profile('pay-admin', 'payments-staging', 'Administrator', 'no_access'),
  profile('half', '', 'ReadOnly', 'incomplete'),
];

export const IMPORT: UiImport = {
  summary: '9 profiles in /home/sam/.aws/config',
  organisations: [
    { name: 'Acme', start_url: 'https://acme.awsapps.com/start/#/', org: 'acme', note: '', button: null, profiles: ACME },
    {
      name: 'beta.awsapps.com',
      start_url: 'https://beta.awsapps.com/start',
      org: 'beta',
      note: 'Not signed in',
      button: { label: 'Sign in', action: { action: 'ask', request: { ask: 'sign_in', org: 'beta', method: null } }, danger: false },
      profiles: [profile('beta-dev', '9054-1822-9999', 'Developer', 'signed_out'), profile('beta-ro', '9054-1822-9999', 'ReadOnly', 'signed_out')],
    },
  ],
  managed: ['vaulted: Managed by aws-vault. Left alone.', 'legacy-admin: Managed by granted. Left alone.'],
  unread: [],
};

export const IMPORT_UNREAD: UiImport = {
  ...IMPORT,
  summary: '2 profiles in /home/sam/.aws/config',
  organisations: IMPORT.organisations.slice(0, 1).map((one) => ({ ...one, profiles: [profile('pay-dev', 'payments-dev', 'PowerUser', 'loading'), ...ACME.slice(1, 2)] })),
  managed: [],
  unread: ['Line 41 of /home/sam/.aws/config cannot be read: sso_role_name ReadOnly', "The other 2 profiles are listed. AWS's tools cannot use the file until that is repaired."],
};

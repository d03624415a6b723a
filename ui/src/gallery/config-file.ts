import type { UiConversion, UiConverted, UiImport, UiImportNote, UiImportProfile, UiImportState } from '../bindings';
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
  return { name, account, environment, role, state, state_word, about, keep, convertible: state === 'legacy', used: name === 'pay-dev' || name === 'data-stg' };
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

const line = (number: number, text: string, hidden = false) => ({ kind: 'kept' as const, line: number, text, hidden });
const removed = (number: number, text: string) => ({ kind: 'removed' as const, line: number, text, hidden: false });
const added = (text: string) => ({ kind: 'added' as const, line: null, text, hidden: false });
const skipped = { kind: 'skipped' as const, line: null, text: '', hidden: false };

/** What converting `data-stg` changes. */
export const CONVERSION: UiConversion = {
  title: 'Change /home/sam/.aws/config?',
  body: '1 profile: the start URL and its region move into a section of their own, [sso-session acme]. All else in the file stays as it is, byte for byte. A dated backup is made beside it first, and Activity can undo this for 30 days.',
  effect: 'The AWS CLI needs version 2.9 or newer for this form, and asks you to sign in once more: aws sso login --sso-session acme.',
  seen: '5a1e',
  button: 'Convert 1 profile',
  diff: [
    skipped,
    line(12, '[profile data-stg]'),
    line(13, '', true),
    removed(14, 'sso_start_url = https://acme.awsapps.com/start'),
    added('sso_session = acme'),
    removed(15, 'sso_region = eu-west-1'),
    line(16, 'sso_account_id = 381200001122'),
    skipped,
    line(41, '# the end'),
    added(''),
    added('[sso-session acme]'),
    added('sso_start_url = https://acme.awsapps.com/start'),
    added('sso_region = eu-west-1'),
    added('sso_registration_scopes = sso:account:access'),
  ],
};

export const CONVERTED: UiConverted = {
  entry: 93,
  text: 'data-stg was converted in /home/sam/.aws/config, Mon 11:04.',
  question: 'data-stg gets back the form that it had before, from /home/sam/.aws/config.latchkey-20261123-1004.bak. What others changed in other places of the file stays. This can be done until 23 Dec 11:04.',
};

/** What several scenes are made of. */
import type { UiActivity, UiImport, UiOrganisation, UiReply, UiRequest } from '../bindings';
import { CONFIG_NOTE, IMPORT } from './config-file';
import { ACCOUNTS, HOUR, MINUTE, NOW, account, portal, profile, refreshes } from './organisation';
import { ACTIVITY, banner, button, problem, scene, signIn, state, type Shown } from './state';

export const nothing = { acme: portal([], { apps: { state: 'listed', apps: [] } }) };
export const apps = (shown: Partial<Shown> = {}) => scene({ tab: 'apps', ...shown });
export const notListed = problem('This organisation does not list apps to desktop programs', 'They are on the page of its portal.', 'Accounts and consoles work as usual.', button('Open the portal', { action: { action: 'ask', request: { ask: 'open_portal', org: 'acme' } } }));
export const SIGNED_OUT: Partial<UiOrganisation> = { pill: 'Signed out', sign_in: { state: 'signed_out', failure: null }, synced: null, user: null };

export const manyProfiles = [
  profile('pay-dev', 'payments-dev', 'PowerUser', 'fresh', 42),
  profile('pay-ro', 'payments-prod', 'ReadOnly', 'due_soon', 8),
  profile('data-stg', 'data-staging', 'Developer', 'sign_in_needed', -12, {
    problem: problem('data-stg has expired', 'Tools that use it get errors.', 'Sign in to refresh it.', signIn),
    refreshes: refreshes([72], [112], [131, 'acme.awsapps.com did not answer'], [152], [192]),
  }),
  profile('lab', 'playground-sam', 'ShortLived', 'refreshing', 4, { lifetime: 15 * MINUTE, info: 'Credentials for this role last 15 min, so they are replaced every 10 min.' }),
  profile('store-qa', 'storefront-qa', 'Developer', 'conflict', 31, {
    problem: problem('Another program changed store-qa', 'Latchkey stopped refreshing it so that nothing is lost.', '', button('Take it back'), button('Stop managing it')),
  }),
  profile('store-dev', 'storefront-dev', 'Developer', 'retrying', 22),
  profile('audit', 'audit-log', 'SecurityAudit', 'paused', 35),
];

export const FIRST_RUN = {
  title: 'Open AWS without the detour.',
  body: 'Consoles, apps and CLI credentials, one click away.',
  cards: [
    { kind: 'start_url' as const, title: 'Enter your start URL', body: 'For example acme.awsapps.com. Your administrator has it.' },
    { kind: 'sandbox' as const, title: 'Try it now with a sample organisation', body: 'No account, no internet. Ready in 3 seconds.' },
  ],
};

export const IMPORT_CARD = { kind: 'import' as const, title: 'Continue with acme.awsapps.com', body: 'Found 2 organisations, 9 profiles. Nothing is changed yet.' };
export const firstRun = () =>
  scene({
    portals: {},
    state: state({ organisations: [], favourites: [], recents: [], profiles: [], first_run: { ...FIRST_RUN, cards: [IMPORT_CARD, ...FIRST_RUN.cards] } }),
  });
export const IMPORTED: UiActivity[] = [
  ...ACTIVITY.slice(0, 6),
  { id: 93, at: NOW - 27 * HOUR, sentence: 'Converted data-stg in /home/sam/.aws/config to sso-session. Backup: /home/sam/.aws/config.latchkey-20261123-1004.bak', subject: null, account: null, kind: 'profile', by: 'you', ok: true, group: '' },
  ...ACTIVITY.slice(8),
];

/** The change is asked for, and then made. */
export const diffing = (planned: UiReply, made: UiReply = { reply: 'done' }): Shown => ({
  ...importing(IMPORT),
  reply: ({ ask }) => (ask === 'look_at_config' ? { reply: 'config', import: IMPORT } : ask === 'plan_conversion' ? planned : made),
  press: ['Import from AWS config', 'Convert data-stg to sso-session', 'Show the change'],
});

export const importing = (found: UiImport) =>
  scene({
    view: 'credentials',
    state: state({ import: CONFIG_NOTE }),
    press: ['Import from AWS config'],
    reply: (request) => (request.ask === 'look_at_config' ? { reply: 'config', import: found } : { reply: 'done' }),
  });

export const sandboxOrg: Partial<UiOrganisation> = {
  name: 'Sample organisation',
  kind: 'sandbox',
  host: 'localhost:8441',
  start_url: 'http://localhost:8441/start',
  user: 'sam',
  banner: banner('sandbox', 'Sample organisation', 'Nothing here reaches AWS.'),
};
export const SANDBOX = {
  running: true,
  starting: false,
  users: [
    { display_name: 'Sam Sample', username: 'sam', password: 'quartz-otter-41-lamp' },
    { display_name: 'Kim Kayak', username: 'kim', password: 'velvet-acorn-77-ship' },
    { display_name: 'Ada Admin', username: 'ada', password: 'copper-heron-12-moss' },
    { display_name: 'Bo Billing', username: 'bo', password: 'tidal-maple-58-drum' },
  ],
  exports: ['export AWS_SHARED_CREDENTIALS_FILE=~/.local/share/latchkey/sandbox/aws/credentials', 'export AWS_CONFIG_FILE=~/.local/share/latchkey/sandbox/aws/config'],
};

export const browsers = ({ ask }: UiRequest): UiReply =>
  ask === 'look_at_browsers'
    ? {
        reply: 'browsers',
        browsers: [
          { id: 'chromium.desktop', name: 'Chromium', private: true, containers: false },
          { id: 'firefox-esr.desktop', name: 'Firefox ESR', private: true, containers: true },
          { id: 'epiphany.desktop', name: 'Web', private: false, containers: false },
        ],
      }
    : { reply: 'done' };

/** With the role of 15 min that the sample has. */
export const sample = { acme: portal([...ACCOUNTS, account('381200003344', 'sample-dev', 'development', ['Developer', 'Incident15'])]) };

export const confirms = (request: UiRequest): UiReply =>
  request.ask === 'open_console'
    ? {
        reply: 'confirm',
        dialog: {
          title: 'Open production as Administrator?',
          body: 'payments-prod, 1111-2222-3333. Changes here affect live systems.',
          confirm: button('Open production console', { danger: true }),
          cancel: 'Cancel',
          instead_text: 'ReadOnly is also available here',
          instead: button('Open as ReadOnly instead'),
          why: 'Why? (kept in your activity log)',
          quiet: 'Do not ask again for this role for 15 min',
          lasting: null,
        },
      }
    : { reply: 'done' };

/** Where the organisation wants the account's name typed first. */
export const confirmsTyped = (request: UiRequest): UiReply => {
  const reply = confirms(request);
  return reply.reply === 'confirm' ? { ...reply, dialog: { ...reply.dialog, typed: 'payments-prod' } } : reply;
};

export const taken = problem(
  'A profile named "payments-dev-poweruser" exists already',
  'It was not written by Latchkey and holds a long-lived key. Nothing was changed.',
  'Choose what to do.',
  button('Use "payments-dev-poweruser-2"', { action: { action: 'edit', field: 'profile', suggestion: 'payments-dev-poweruser-2' } }),
  button('Replace and keep a backup', { danger: true }),
  button('Cancel'),
);

export const defaulted = {
  ...problem(
    '"default" would be payments-prod, which is production',
    'Tools use the profile "default" when nobody said which, so that a slip would reach live systems.',
    'Use another name, or allow it for this account.',
    button('Use "payments-prod"', { action: { action: 'edit', field: 'profile', suggestion: 'payments-prod' } }),
    button('Allow for this account', { danger: true, action: { action: 'ask', request: { ask: 'allow_default', account: '111122223333', allowed: true } } }),
  ),
  details: '',
};

export const NOT_WRITABLE = problem('Cannot write ~/.aws/credentials', 'The system said: Read-only file system. The old credentials work for 8 min more.', 'Give your user the right to write it, then try again. On demand would not help: tools find the old keys in this file first, and they cannot be taken out.', button('Try again'), button('Show file'));
export const NEVER_WRITTEN = problem('Cannot write ~/.aws/credentials', 'The system said: Permission denied. Nothing was written yet.', 'Give your user the right to write it, then try again.', button('Try again'), button('Show file'), button('Use on demand instead'));
export const CHANGED = problem('Another program changed "pay-dev"', 'Latchkey stopped refreshing it so that nothing is lost. Last writer: unknown, noticed 14:02.', 'Take it back, or stop managing it.', button('Stop managing it'), button('Take it back', { danger: true }));

export const KEYS = 'Keys…, payments-dev, PowerUser, development';

export const loading = () =>
  scene({ portals: {}, state: state({}, { synced: null, sync: { state: 'running', done: 0, total: 0 }, sync_text: 'Loading accounts.' }) });
export const silent = problem('Acme did not answer', 'The portal at acme.awsapps.com returned an error (503). Your existing credentials keep working until they expire.', 'Try again in a minute.', button('Try again'));

/** As the view words them. */
export const KEYRING_LOCKED = problem('Your keyring is locked', 'Your sign-in is kept in memory only and ends when Latchkey quits.', 'Unlock your keyring, then try again.', button('Try again', { action: { action: 'ask', request: { ask: 'retry_keyring' } } }));
export const KEYRING_MISSING = problem(
  'There is no keyring on this computer',
  'Your sign-in is kept in memory only and ends when Latchkey quits (no program offers org.freedesktop.secrets).',
  'Install or start a keyring, such as gnome-keyring, then try again.',
  button('Try again', { action: { action: 'ask', request: { ask: 'retry_keyring' } } }),
);
export const CLOCK_OFF = problem("Your computer's clock is 11 min slow", 'AWS refuses requests until it is set.', 'Set the clock, or switch automatic time on, then try again.', button('Try again', { action: { action: 'ask', request: { ask: 'refresh_all' } } }));
export const STORE_DAMAGED = problem(
  "Latchkey's own record was damaged and begun anew",
  'The damaged one is kept at /home/sam/.local/share/latchkey/latchkey.db.damaged-20261124. What is in your credentials file was not touched.',
  'Add your organisation and sign in again.',
);
export const STORE_NOT_WRITABLE = problem('The disk is full', '/home/sam/.local/share/latchkey/latchkey.db was not changed.', 'Free some space, then try again.', button('Try again', { action: { action: 'ask', request: { ask: 'refresh_all' } } }));
export const noBrowser = problem(
  'Could not open your browser',
  'The desktop said: no program opens web pages.',
  'Copy the link and open it yourself, or choose another browser.',
  button('Copy link', { action: { action: 'copy', text: 'https://acme.awsapps.com/start/#/console?account_id=111122227777&role_name=Developer' } }),
  button('Choose browser', { action: { action: 'settings', section: 'organisations' } }),
  button('Try again'),
);

export const untrusted = problem(
  'This is not a trusted connection',
  'The certificate for portal.sso.eu-west-1.amazonaws.com is not valid: its issuer is not trusted. Latchkey did not send anything.',
  'Check the start URL, or ask your administrator about the certificate.',
  button('Change start URL'),
);
export const sameUser = problem(
  'Your browser signed in as the same user again',
  'sam@acme.test is here already, so nothing was changed.',
  'Sign in where the browser does not know you: choose a code, and open its page in a private window.',
  button('Use a code instead'),
  button('Try again'),
);

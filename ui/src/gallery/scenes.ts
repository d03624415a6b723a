import type { UiActivity, UiImport, UiOrganisation, UiReply, UiRequest } from '../bindings';
import { KEY_SCENES } from './key-scenes';
import { SIGN_IN_SCENES } from './sign-in-scenes';
import { CONFIG_NOTE, CONVERSION, CONVERTED, IMPORT, IMPORT_UNREAD } from './config-file';
import { ACCOUNTS, HOUR, MANY, MINUTE, NOW, account, appShortcut, onDemand, organisation, portal, profile, shortcut } from './organisation';
import { ACTIVITY, banner, button, line, NETWORK, problem, RECORD, REPORT, scene, SETTINGS, signIn, state, type Shown } from './state';
import { hidden, latchMissing, otherProcess, signsInByItself, ways } from './deliveries';

export { button, problem, reads, state, type Shown } from './state';

const nothing = { acme: portal([], { apps: { state: 'listed', apps: [] } }) };
const apps = (shown: Partial<Shown> = {}) => scene({ tab: 'apps', ...shown });
const notListed = problem('This organisation does not list apps to desktop programs', 'They are on the page of its portal.', 'Accounts and consoles work as usual.', button('Open the portal', { action: { action: 'ask', request: { ask: 'open_portal', org: 'acme' } } }));
const SIGNED_OUT: Partial<UiOrganisation> = { pill: 'Signed out', sign_in: { state: 'signed_out', failure: null }, synced: null, user: null };

const manyProfiles = [
  profile('pay-dev', 'payments-dev', 'PowerUser', 'fresh', 42),
  profile('pay-ro', 'payments-prod', 'ReadOnly', 'due_soon', 8),
  profile('data-stg', 'data-staging', 'Developer', 'sign_in_needed', -12, {
    problem: problem('data-stg has expired', 'Tools that use it get errors.', 'Sign in to refresh it.', signIn),
  }),
  profile('lab', 'playground-sam', 'ShortLived', 'refreshing', 4, { lifetime: 15 * MINUTE, info: 'Credentials for this role last 15 min, so they are replaced every 10 min.' }),
  profile('store-qa', 'storefront-qa', 'Developer', 'conflict', 31, {
    problem: problem('Another program changed store-qa', 'Latchkey stopped refreshing it so that nothing is lost.', '', button('Take it back'), button('Stop managing it')),
  }),
  profile('store-dev', 'storefront-dev', 'Developer', 'retrying', 22),
  profile('audit', 'audit-log', 'SecurityAudit', 'paused', 35),
];

const FIRST_RUN = {
  title: 'Open AWS without the detour.',
  body: 'Consoles, apps and CLI credentials, one click away.',
  cards: [
    { kind: 'start_url' as const, title: 'Enter your start URL', body: 'For example acme.awsapps.com. Your administrator has it.' },
    { kind: 'sandbox' as const, title: 'Try it now with a sample organisation', body: 'No account, no internet. Ready in 3 seconds.' },
  ],
};

const IMPORT_CARD = { kind: 'import' as const, title: 'Continue with acme.awsapps.com', body: 'Found 2 organisations, 9 profiles. Nothing is changed yet.' };
const firstRun = () =>
  scene({
    portals: {},
    state: state({ organisations: [], favourites: [], recents: [], profiles: [], first_run: { ...FIRST_RUN, cards: [IMPORT_CARD, ...FIRST_RUN.cards] } }),
  });
const IMPORTED: UiActivity[] = [
  ...ACTIVITY.slice(0, 6),
  { id: 93, at: NOW - 27 * HOUR, sentence: 'Converted data-stg in /home/sam/.aws/config to sso-session. Backup: /home/sam/.aws/config.latchkey-20261123-1004.bak', subject: null, account: null, kind: 'profile', by: 'you', ok: true, group: '' },
  ...ACTIVITY.slice(8),
];

/** The change is asked for, and then made. */
const diffing = (planned: UiReply, made: UiReply = { reply: 'done' }): Shown => ({
  ...importing(IMPORT),
  reply: ({ ask }) => (ask === 'look_at_config' ? { reply: 'config', import: IMPORT } : ask === 'plan_conversion' ? planned : made),
  press: ['Import from AWS config', 'Convert data-stg to sso-session', 'Show the change'],
});

const importing = (found: UiImport) =>
  scene({
    view: 'credentials',
    state: state({ import: CONFIG_NOTE }),
    press: ['Import from AWS config'],
    reply: (request) => (request.ask === 'look_at_config' ? { reply: 'config', import: found } : { reply: 'done' }),
  });

const sandboxOrg: Partial<UiOrganisation> = {
  name: 'Sample organisation',
  kind: 'sandbox',
  host: 'localhost:8441',
  start_url: 'http://localhost:8441/start',
  user: 'sam',
  banner: banner('sandbox', 'Sample organisation.', 'Nothing here reaches AWS.'),
};
const SANDBOX = {
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

const browsers = ({ ask }: UiRequest): UiReply =>
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
const sample = { acme: portal([...ACCOUNTS, account('381200003344', 'sample-dev', 'development', ['Developer', 'Incident15'])]) };

const confirms = (request: UiRequest): UiReply =>
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

const taken = problem(
  'A profile named "payments-dev-poweruser" exists already',
  'It was not written by Latchkey and holds a long-lived key. Nothing was changed.',
  'Choose what to do.',
  button('Use "payments-dev-poweruser-2"', { action: { action: 'edit', field: 'profile', suggestion: 'payments-dev-poweruser-2' } }),
  button('Replace and keep a backup', { danger: true }),
  button('Cancel'),
);

const defaulted = {
  ...problem(
    '"default" would be payments-prod, which is production',
    'Tools use the profile "default" when nobody said which, so that a slip would reach live systems.',
    'Use another name, or allow it for this account.',
    button('Use "payments-prod"', { action: { action: 'edit', field: 'profile', suggestion: 'payments-prod' } }),
    button('Allow for this account', { danger: true, action: { action: 'ask', request: { ask: 'allow_default', account: '111122223333', allowed: true } } }),
  ),
  details: '',
};

const NOT_WRITABLE = problem('Cannot write ~/.aws/credentials', 'Its file system is read-only. The old credentials work for 8 min more.', 'Make it writable, then try again.', button('Try again'));

const KEYS = 'Keys…, payments-dev, PowerUser, development';

const loading = () =>
  scene({ portals: {}, state: state({}, { synced: null, sync: { state: 'running', done: 0, total: 0 }, sync_text: 'Loading accounts.' }) });
const silent = problem('Acme did not answer', 'The portal at acme.awsapps.com returned an error (503). Your existing credentials keep working until they expire.', 'Try again in a minute.', button('Try again'));

const untrusted = problem(
  'This is not a trusted connection',
  'The certificate for portal.sso.eu-west-1.amazonaws.com is not valid: its issuer is not trusted. Latchkey did not send anything.',
  'Check the start URL, or ask your administrator about the certificate.',
  button('Change start URL'),
);
const sameUser = problem(
  'Your browser signed in as the same user again',
  'sam@acme.test is here already, so nothing was changed.',
  'Sign in where the browser does not know you: choose a code, and open its page in a private window.',
  button('Use a code instead'),
  button('Try again'),
);

/** Every state by its name; `states.json` lists the same names for those who take pictures. */
export const SCENES: Record<string, () => Shown> = {
  'portal': () => scene(),
  'portal-search': () => scene({ query: 'pay read' }),
  'portal-grouped': () => scene({ prefer: { grouping: 'environment', sort: 'used', hidden: ['acme/640281190035/ReadOnly'] } }),
  'portal-favourites-empty': () => scene({ state: state({ favourites: [] }), press: ['Favourites only'] }),
  'portal-search-empty': () => scene({ query: 'pyaments' }),
  'portal-new': () => scene({ state: state({ favourites: [], recents: [], profiles: [] }) }),
  'portal-compact': () => scene({ state: state({ settings: { ...state().settings, compact: true } }) }),
  'portal-thousand': () => scene({ state: state({ favourites: [], recents: [] }, { accounts: 1000 }), portals: { acme: portal(MANY) } }),
  'portal-loading': () => loading(),
  'portal-loading-long': () => ({ ...loading(), later: 16_000 }),
  'portal-failed': () =>
    scene({
      portals: nothing,
      state: state(
        { favourites: [], recents: [], profiles: [] },
        { synced: null, sync: { state: 'failed', problem: silent, at: NOW, retry: NOW + 30_000 }, banner: { ...banner('sync_failed', silent.title, `${silent.meaning} ${silent.next}`, ...silent.buttons), until: NOW + 30_000 } },
      ),
    }),
  'portal-untrusted': () =>
    scene({
      state: state(
        {},
        { synced: NOW - 40 * MINUTE, sync: { state: 'failed', problem: untrusted, at: NOW, retry: NOW + 30_000 }, banner: { ...banner('sync_failed', untrusted.title, `${untrusted.meaning} ${untrusted.next}`, ...untrusted.buttons), until: NOW + 30_000 } },
      ),
    }),
  'portal-untrusted-first': () =>
    scene({
      portals: nothing,
      state: state(
        { favourites: [], recents: [], profiles: [] },
        { synced: null, sync: { state: 'failed', problem: untrusted, at: NOW, retry: NOW + 30_000 }, banner: { ...banner('sync_failed', untrusted.title, `${untrusted.meaning} ${untrusted.next}`, ...untrusted.buttons), until: NOW + 30_000 } },
      ),
    }),
  'portal-empty': () => scene({ portals: nothing, state: state({ favourites: [], recents: [], profiles: [] }) }),
  'portal-syncing': () =>
    scene({
      portals: { acme: portal(ACCOUNTS.map((account, at) => (at > 6 ? { ...account, roles: null } : account))) },
      state: state({}, { sync: { state: 'running', done: 7, total: 12 }, sync_text: 'Loaded 7 of 12 accounts.', accounts_loading: 5 }),
    }),
  'portal-throttled': () =>
    scene({
      state: state(
        {},
        {
          sync: { state: 'throttled', until: NOW + 12_000, done: 7, total: 12 },
          sync_text: 'Loaded 7 of 12 accounts.',
          banner: { ...banner('throttled', 'AWS is limiting requests', 'Loaded 7 of 12 accounts. Continuing by itself.'), until: NOW + 12_000 },
        },
      ),
    }),
  'portal-offline': () =>
    scene({ state: state({ online: false }, { synced: NOW - 40 * MINUTE, banner: { ...banner('offline', 'You are offline', 'Showing accounts from 13:24. Consoles may not open.', button('Retry now')), until: NOW + 20_000 } }) }),
  'portal-expired': () =>
    scene({
      state: state(
        { attention: '1 needs attention' },
        {
          pill: 'Sign-in ended',
          sign_in: { state: 'ended', at: NOW - 3 * MINUTE, title: 'Your sign-in to Acme ended at 14:01', body: 'Profiles stop refreshing until you sign in again.', failure: null },
          banner: banner('signed_out', 'Your sign-in to Acme ended at 14:01', 'Profiles stop refreshing until you sign in again. pay-dev still works, until 14:46.', { ...signIn, label: 'Sign in again' }),
        },
      ),
    }),
  'portal-other-user': () => scene({ state: state({}, { user: 'kim@acme.test' }), remembered: { 'latchkey.user.acme': 'sam@acme.test' } }),
  'portal-users': () =>
    scene({
      state: state({ organisations: [organisation({ name: 'Acme (sam)', colour: 'darkBlue' }), organisation({ id: 'kim', name: 'Acme (kim)', user: 'kim@acme.test', colour: 'darkBlue' })] }),
    }),
  'portal-changes': () =>
    scene({
      portals: {
        acme: portal(ACCOUNTS, {
          changes: [
            { gained: false, id: 'role/111122223333/Administrator', noticed: NOW - HOUR, title: 'You no longer have Administrator in payments-prod', meaning: 'Profile "pay-admin" stops working at 17:44.' },
            { gained: true, id: 'role/518833107790/Incident', noticed: NOW - HOUR, title: 'New: Incident in storefront-prod', meaning: '' },
            { gained: true, id: 'app/ins-1', noticed: NOW - HOUR, title: 'New: Wiki (app)', meaning: 'You can open it from now on.' },
          ],
        }),
      },
    }),
  'portal-opening': () =>
    scene({
      state: state({
        launches: [
          { grant: shortcut('payments-prod', 'ReadOnly').grant, launch: { state: 'opened', at: NOW - 500 }, text: 'Opened in your browser' },
          { grant: shortcut('payments-dev', 'PowerUser').grant, launch: { state: 'opening' }, text: 'Opening…' },
          { grant: shortcut('storefront-dev', 'Developer').grant, launch: { state: 'failed', at: NOW, problem: problem('Could not open your browser', 'The console did not open.', 'Copy the link and open it yourself.', button('Try again')) }, text: '' },
        ],
      }),
    }),
  'apps': () => apps(),
  'apps-search': () => apps({ query: 'on' }),
  'apps-favourites': () => apps({ prefer: { appSort: 'used' }, press: ['Favourites only'] }),
  'apps-favourites-empty': () => apps({ state: state({ favourites: [shortcut('payments-prod', 'ReadOnly')] }), press: ['Favourites only'] }),
  'apps-elsewhere': () => scene({ query: 'wiki' }),
  'apps-empty': () => apps({ portals: { acme: portal(ACCOUNTS, { apps: { state: 'listed', apps: [] } }) } }),
  'apps-not-listed': () => apps({ portals: { acme: portal(ACCOUNTS, { apps: { state: 'not_listed', problem: notListed } }) } }),
  'apps-unknown': () => apps({ portals: { acme: portal(ACCOUNTS, { apps: { state: 'unknown' } }) } }),
  'apps-opening': () =>
    apps({
      state: state({
        favourites: [appShortcut('Grafana'), appShortcut('PayRoll')],
        app_launches: [
          { app: appShortcut('Grafana').app, launch: { state: 'opened', at: NOW - 500 }, text: 'Opened in your browser' },
          { app: appShortcut('PayRoll').app, launch: { state: 'opening' }, text: 'Opening…' },
          { app: appShortcut('Wiki').app, launch: { state: 'failed', at: NOW, problem: problem('Could not open your browser', 'Wiki did not open.', 'Copy the link and open it yourself.', button('Try again')) }, text: '' },
        ],
      }),
    }),
  'portal-offer': () =>
    scene({
      state: state({ profiles: [], launches: [{ grant: shortcut('payments-prod', 'ReadOnly').grant, launch: { state: 'opened', at: NOW - 500 }, text: 'Opened in your browser' }] }),
    }),
  'portal-service': () => scene({ press: ['More, payments-dev, PowerUser', 'Open console at service…'] }),
  'portal-confirm': () => scene({ query: 'payments-prod', reply: confirms, press: ['Open console, payments-prod, Administrator, production'] }),
  'portal-signed-out': () =>
    scene({ state: state({ profiles: [] }, { ...SIGNED_OUT, synced: NOW - HOUR, banner: banner('signed_out', 'Sign in to Acme', 'Consoles open after you sign in.', signIn) }) }),
  'keys-keep': () => scene({ press: [KEYS] }),
  'keys-conflict': () =>
    scene({
      press: [KEYS, 'Start'],
      reply: (request) => (request.ask === 'keep_fresh' ? { reply: 'failed', field: 'profile', problem: taken } : { reply: 'done' }),
    }),
  'keys-on-demand': () => scene({ query: 'payments-prod', press: ['Keys…, payments-prod, Administrator, production'] }),
  'keys-sso-cache': () => scene({ press: [KEYS, 'SSO cache'] }),
  'keys-sso-settings': () =>
    scene({
      press: [KEYS, 'Credentials file', 'Start'], reply: (request) => (request.ask === 'keep_fresh' ? { reply: 'failed', field: 'profile', problem: signsInByItself } : { reply: 'done' }),
    }),
  'keys-hidden': () =>
    scene({
      query: 'payments-prod',
      press: ['Keys…, payments-prod, Administrator, production', 'Start'],
      reply: (request) => (request.ask === 'keep_fresh' ? { reply: 'failed', field: 'profile', problem: hidden } : { reply: 'done' }),
    }),
  'keys-copy': () => scene({ press: [KEYS, 'Environment variables'] }),
  'keys-identity-center': () => scene({ press: [KEYS, 'Identity Center settings'] }),
  'keys-identity-center-own': () => scene({ state: state({}, { kind: 'custom' }), press: [KEYS, 'Identity Center settings'] }),
  'keys-block': () => scene({ press: [KEYS, 'Credentials file block', 'Copy block'] }),
  'keys-values': () => scene({ press: [KEYS, 'Individual values', 'Copy aws_secret_access_key'] }),
  'keys-confirm': () =>
    scene({
      query: 'payments-prod',
      press: ['Keys…, payments-prod, Administrator, production', 'Start'],
      reply: (request) =>
        request.ask === 'keep_fresh'
          ? {
              reply: 'confirm',
              dialog: {
                title: 'Keep production credentials fresh as Administrator?',
                body: 'payments-prod, 1111-2222-3333. Changes here affect live systems. Any program you run can use "payments-prod-administrator" until it ends by itself.',
                confirm: button('Keep it fresh', { danger: true }),
                cancel: 'Cancel',
                instead_text: 'ReadOnly is also available here',
                instead: button('Keep ReadOnly instead'),
                why: 'Why? (kept in your activity log)',
                quiet: null,
                lasting: { label: 'Keep it fresh for', usual: 60, choices: [15, 30, 60, 120, 240].map((minutes) => ({ minutes, label: minutes < 60 ? `${minutes} min` : `${minutes / 60} h` })) },
              },
            }
          : { reply: 'done' },
    }),
  'keys-default': () =>
    scene({
      query: 'payments-prod',
      press: ['Keys…, payments-prod, Administrator, production', 'Start'],
      reply: (request) => (request.ask === 'keep_fresh' ? { reply: 'failed', field: 'profile', problem: defaulted } : { reply: 'done' }),
    }),
  'row-guess': () => scene({ press: ['DEV, guessed: development. Right?'] }),
  'row-menu': () => scene({ press: ['More, payments-dev, PowerUser'] }),
  'privileged-active': () => scene({ state: state({ strips: [{ text: 'pay-admin is active in production', expires: NOW + 48 * MINUTE, button: button('Stop now') }] }) }),
  'sign-in': () => scene({ portals: nothing, state: state({}, SIGNED_OUT) }),
  'sign-in-waiting': () =>
    scene({
      portals: nothing,
      state: state(
        {},
        {
          ...SIGNED_OUT,
          pill: 'Signing in',
          sign_in: { state: 'in_progress', method: 'browser', title: 'Finish signing in in your browser', body: 'This window continues by itself.', started: NOW, deadline: NOW + 10 * MINUTE - 20_000, link: 'https://oidc.eu-west-1.amazonaws.com/authorize', user_code: null, in_app: null, failure: null },
        },
      ),
    }),
  'sign-in-code': () =>
    scene({
      portals: nothing,
      state: state(
        {},
        {
          ...SIGNED_OUT,
          pill: 'Signing in',
          sign_in: { state: 'in_progress', method: 'device_code', title: 'Check that your browser shows this code', body: 'Only continue if the codes match and you started this yourself. Nobody from Acme or AWS will ask you for it.', started: NOW, deadline: NOW + 10 * MINUTE - 20_000, link: 'https://device.sso.eu-west-1.amazonaws.com', user_code: 'BFTK-QWRD', in_app: null, failure: null },
        },
      ),
    }),
  'sign-in-failed': () =>
    scene({ portals: nothing, state: state({}, { ...SIGNED_OUT, sign_in: { state: 'signed_out', failure: problem('Sign-in was declined in the browser', 'Nothing was changed.', 'Start again when you are ready.', signIn) } }) }),
  'sign-in-same-user': () =>
    scene({ portals: nothing, state: state({}, { ...SIGNED_OUT, name: 'Acme (2)', sign_in: { state: 'signed_out', failure: sameUser } }) }),
  'sign-in-no-browser': () => {
    const failure = problem('Could not open your browser', 'No default browser is set.', 'Copy the link and open it yourself.');
    return scene({
      portals: nothing,
      state: state(
        {},
        {
          ...SIGNED_OUT,
          pill: 'Signing in',
          sign_in: { state: 'in_progress', method: 'browser', title: 'Finish signing in in your browser', body: 'This window continues by itself.', started: NOW, deadline: NOW + 10 * MINUTE - 20_000, link: 'https://oidc.eu-west-1.amazonaws.com/authorize', user_code: null, in_app: null, failure },
        },
      ),
    });
  },
  'sign-in-sandbox': () => scene({ portals: nothing, state: state({ sandbox: SANDBOX }, { ...sandboxOrg, ...SIGNED_OUT }) }),
  'credentials': () => scene({ view: 'credentials', state: state({ profiles: manyProfiles, attention: '2 need attention' }) }),
  'credentials-details': () => scene({ view: 'credentials', state: state({ profiles: manyProfiles, attention: '2 need attention' }), press: ['Details of data-stg'] }),
  'credentials-on-demand': () => scene({ view: 'credentials', state: state({ profiles: ways }), press: ['Details of pay-admin'] }),
  'credentials-delivery': () => scene({ view: 'credentials', state: state({ profiles: ways }), press: ['Details of pay-dev', 'Change delivery…'] }),
  'credentials-delivery-blocked': () =>
    scene({
      view: 'credentials',
      state: state({ profiles: ways }),
      press: ['Details of pay-dev', 'Change delivery…', 'On demand (credential_process)', 'Change delivery'],
      reply: (request) => (request.ask === 'change_delivery' ? { reply: 'failed', field: null, problem: otherProcess } : { reply: 'done' }),
    }),
  'credentials-latch-missing': () =>
    scene({
      view: 'credentials',
      state: state({ profiles: ways }),
      press: ['Details of pay-dev', 'Change delivery…', 'On demand (credential_process)', 'Change delivery'],
      reply: (request) => (request.ask === 'change_delivery' ? { reply: 'failed', field: null, problem: latchMissing } : { reply: 'done' }),
    }),
  'credentials-on-demand-signed-out': () =>
    scene({
      view: 'credentials',
      state: state(
        { profiles: [onDemand('pay-admin', 'payments-prod', 'Administrator', 12, { status: 'sign_in_needed', status_word: 'Sign in needed', chip: 'sign in needed' })], attention: '1 needs attention', credentials_line: '' },
        { ...SIGNED_OUT, synced: NOW - HOUR, banner: banner('signed_out', 'Sign in to Acme to keep 1 profile working', 'Programs that ask for pay-admin wait for your sign-in.', signIn) },
      ),
      press: ['Details of pay-admin'],
    }),
  'credentials-empty': () => scene({ view: 'credentials', state: state({ profiles: [] }) }),
  'credentials-empty-import': () => scene({ view: 'credentials', state: state({ profiles: [], import: CONFIG_NOTE }) }),
  'credentials-offline': () =>
    scene({
      view: 'credentials',
      state: state({ profiles: manyProfiles.slice(0, 2), online: false }, { banner: { ...banner('offline', 'You are offline', 'Profiles cannot refresh. The first stops at 14:12.', button('Retry now')), until: NOW + 20_000 } }),
    }),
  'credentials-signed-out': () =>
    scene({
      view: 'credentials',
      state: state(
        { profiles: [profile('pay-dev', 'payments-dev', 'PowerUser', 'sign_in_needed', 24)], attention: '1 needs attention', credentials_line: '' },
        { ...SIGNED_OUT, synced: NOW - HOUR, banner: banner('signed_out', 'Sign in to Acme to keep 1 profile fresh', 'pay-dev works for 24 min more.', signIn) },
      ),
    }),
  'credentials-not-writable': () =>
    scene({
      view: 'credentials',
      state: state(
        {
          profiles: [profile('pay-dev', 'payments-dev', 'PowerUser', 'not_writable', 8, { problem: NOT_WRITABLE })],
          attention: '1 needs attention',
          file: { ...state().file, notes: [NOT_WRITABLE] },
        },
        { banner: banner('blocked', NOT_WRITABLE.title, 'pay-dev works for 8 min more.', button('Try again')) },
      ),
      press: ['Details of pay-dev'],
    }),
  'credentials-link': () =>
    scene({
      view: 'credentials',
      state: state({ file: { ...state().file, notes: [{ ...problem('~/.aws/credentials is a link', 'Latchkey writes to its target, /home/sam/dotfiles/aws/credentials.', 'Nothing to do if that is what you want.'), details: '' }] } }),
    }),
  'credentials-file': () =>
    scene({
      view: 'credentials',
      state: state({
        file: { ...state().file, notes: [problem('Other users can read your credentials file', 'Its permissions are 0644.', '', button('Make it private (0600)'), button('Ignore'))] },
      }),
    }),
  'credentials-paused': () =>
    scene({
      view: 'credentials',
      state: state(
        { pause: { until: NOW + 19 * HOUR, text: 'Refreshing is paused until Wed 09:00' } },
        { banner: { ...banner('paused', 'Refreshing is paused until Wed 09:00', 'pay-dev stops working in 42 min.', button('Resume')), until: NOW + 19 * HOUR } },
      ),
    }),
  'credentials-sandbox': () => scene({ view: 'credentials', state: state({ sandbox: SANDBOX }, sandboxOrg) }),
  'credentials-undo': () => scene({ view: 'credentials', press: ['Undo changes…'] }),
  'credentials-stop': () => scene({ view: 'credentials', press: ['Details of pay-dev', 'Stop and remove…'] }),
  'credentials-pick': () => scene({ view: 'credentials', press: ['Keep a profile fresh'] }),
  'activity': () => scene({ view: 'activity' }),
  'activity-details': () => scene({ view: 'activity', press: ['Details of Refreshed pay-dev, valid until 14:46, 13:46'] }),
  'activity-failed': () => scene({ view: 'activity', choose: ['Result', 'failed'] }),
  'activity-dates': () => scene({ view: 'activity', choose: ['Date', 'own'] }),
  'activity-no-match': () => scene({ view: 'activity', choose: ['What it is about', 'copy'] }),
  'activity-new': () => scene({ view: 'activity', after: state({ activity: [{ ...line('Opened the console of payments-dev', 0, 'launch', 'you', 'payments-dev', 'PowerUser'), id: 1211 }, ...ACTIVITY] }) }),
  'activity-broken': () =>
    scene({
      view: 'activity',
      state: state({
        record: {
          ...RECORD,
          text: 'Record chain broken',
          problem: { ...problem('The record was changed outside Latchkey at entry 1 204', 'Entries after it cannot be trusted.', 'Export it if you want to look into it, then clear it to begin anew.', button('Check again')), details: '' },
        },
      }),
    }),
  'activity-unreadable': () =>
    scene({
      view: 'activity',
      reply: (request) => (request.ask === 'history' ? { reply: 'failed', field: null, problem: problem('Cannot read /home/sam/.local/share/latchkey/latchkey.db', 'The system said: Input/output error.', 'Try again.') } : { reply: 'done' }),
    }),
  'activity-clear': () => scene({ view: 'activity', press: ['Clear…'] }),
  'activity-empty': () => scene({ view: 'activity', state: state({ activity: [] }) }),
  'settings': () => scene({ view: 'settings' }),
  'settings-organisations': () => scene({ state: state({ organisations: [organisation({ colour: 'teal' }), organisation({ id: 'labs', name: 'Acme Labs', start_url: 'https://acme-labs.awsapps.com/start', host: 'acme-labs.awsapps.com', colour: 'orange' })] }), view: 'settings', section: 'organisations', reply: browsers }),
  'settings-browser': () => scene({ view: 'settings', section: 'organisations', reply: browsers, state: state({ settings: { ...SETTINGS, browsers: { acme: { browser: 'firefox-esr.desktop', private: true, container: '' } } } }) }),
  'settings-browser-container': () => scene({ view: 'settings', section: 'organisations', reply: browsers, state: state({ settings: { ...SETTINGS, browsers: { acme: { browser: 'firefox-esr.desktop', private: false, container: 'Work' } } } }) }),
  'settings-credentials': () => scene({ view: 'settings', section: 'credentials' }),
  'settings-notifications': () => scene({ view: 'settings', section: 'notifications' }),
  'settings-quiet-own': () => scene({ view: 'settings', section: 'notifications', state: state({ settings: { ...SETTINGS, quiet_hours: true, quiet: { from: 12 * 60, until: 8 * 60 + 30, weekends: false } } }) }),
  'settings-report': () => scene({ view: 'settings', section: 'advanced', press: ['Show the report'], reply: ({ ask }) => (ask === 'diagnostics' ? { reply: 'diagnostics', text: REPORT } : { reply: 'done' }) }),
  'settings-reset': () => scene({ view: 'settings', section: 'advanced', press: ['Reset Latchkey…'] }),
  'settings-safety': () =>
    scene({
      view: 'settings',
      section: 'safety',
      state: state({
        settings: {
          ...SETTINGS,
          safety: {
            default_allowed: ['111122223333'],
            rules: [
              { field: 'name', pattern: '^pay.*-live$', environment: 'production' },
              { field: 'email', pattern: '@lab\\.acme', environment: 'sandbox' },
            ],
          },
        },
      }),
      type: ['Pattern', '^payments'],
    }),
  'settings-safety-bad': () => scene({ view: 'settings', section: 'safety', type: ['Pattern', 'pay('] }),
  'settings-appearance': () => scene({ view: 'settings', section: 'appearance' }),
  'settings-contrast': () => scene({ view: 'settings', section: 'appearance', state: state({ settings: { ...SETTINGS, theme: 'high_contrast_light' } }) }),
  'settings-network': () => scene({ view: 'settings', section: 'network', state: state({ network: { ...NETWORK, in_force: [{ name: 'Proxy', value: 'http://proxy.acme.test:3128', by: 'From HTTPS_PROXY in the environment' }, { name: 'Reached without it', value: '.acme.test, 10.0.0.0/8', by: 'From NO_PROXY in the environment' }, { name: 'Extra certificates', value: '/etc/ssl/certs/acme.pem', by: 'From ca_bundle of the default profile in your AWS config file' }] } }) }),
  'settings-network-set': () =>
    scene({ view: 'settings', section: 'network', state: state({ network: { proxy: 'http://proxy.acme.test:3128', no_proxy: 'sso.acme.test', ca_file: '', in_force: [{ name: 'Proxy', value: 'http://proxy.acme.test:3128', by: 'Set here' }, { name: 'Reached without it', value: 'sso.acme.test', by: 'Set here' }, { name: 'Extra certificates', value: 'None, those of this computer count', by: '' }] } }) }),
  'settings-network-not-saved': () =>
    scene({
      view: 'settings',
      section: 'network',
      type: ['Proxy', 'http://sam:secret@proxy.acme.test'],
      reply: ({ ask }) =>
        ask === 'set_network'
          ? { reply: 'failed', field: 'proxy', problem: problem('A user name or password is not kept here, where it would stand in plain text. Leave it out; where your proxy asks for it, set HTTPS_PROXY for Latchkey alone', '', 'Correct it, then try again.') }
          : { reply: 'done' },
    }),
  'settings-advanced': () => scene({ view: 'settings', section: 'advanced' }),
  'settings-search': () => scene({ view: 'settings', type: ['Search settings', 'colour'] }),
  'settings-not-saved': () =>
    scene({
      view: 'settings',
      section: 'appearance',
      press: ['Reduce motion'],
      reply: () => ({ reply: 'failed', field: null, problem: problem('The disk is full', 'Nothing was written.', 'Free some space, then try again.', button('Try again')) }),
    }),
  'portal-contrast': () => scene({ state: state({ settings: { ...SETTINGS, theme: 'high_contrast_light' } }) }),
  'portal-large': () => scene({ state: state({ settings: { ...SETTINGS, text_size: 150 } }) }),
  'sandbox-tried': () => scene({ portals: sample, state: state({ sandbox: SANDBOX }, sandboxOrg), remembered: { 'latchkey.tried': '["console","keep","expire","search"]' } }),
  'sandbox-dismissed': () => scene({ state: state({ sandbox: SANDBOX }, sandboxOrg), remembered: { 'latchkey.tried': '["dismissed"]' } }),
  'sandbox-new': () => scene({ portals: sample, state: state({ sandbox: SANDBOX, profiles: [], used: [], favourites: [], recents: [] }, sandboxOrg) }),
  'sandbox-stays': () => scene({ state: state({ sandbox: SANDBOX, organisations: [organisation(), organisation({ ...sandboxOrg, id: 'sample' })] }) }),
  'sandbox': () => scene({ state: state({ sandbox: SANDBOX }, sandboxOrg), press: ['Sample users'] }),
  'first-run': () => scene({ portals: {}, state: state({ organisations: [], favourites: [], recents: [], profiles: [], first_run: FIRST_RUN }) }),
  'first-run-starting': () =>
    scene({
      portals: {},
      state: state({ organisations: [], favourites: [], recents: [], profiles: [], first_run: FIRST_RUN, sandbox: { ...SANDBOX, running: false, starting: true, users: [] } }),
    }),
  'first-run-import': () => firstRun(),
  'first-run-import-failed': () => ({
    ...firstRun(),
    press: ['Continue with acme.awsapps.com'],
    reply: () => ({ reply: 'failed', field: 'start_url', problem: { ...problem('acme.awsapps.com did not answer', 'Nothing was sent or changed.', 'Check the spelling, your network or your VPN, then try again.', button('Try again')), details: '' } }),
  }),
  'import': () => importing(IMPORT),
  'import-chosen': () => ({ ...importing(IMPORT), press: ['Import from AWS config', 'Keep pay-dev in the credentials file as pay-dev-keys', 'Keep data-stg in the credentials file as data-stg-keys'] }),
  'import-convert-chosen': () => ({ ...importing(IMPORT), press: ['Import from AWS config', 'Convert data-stg to sso-session'] }),
  'import-diff': () => diffing({ reply: 'conversion', plan: CONVERSION }),
  'import-not-convertible': () => diffing({ reply: 'failed', field: null, problem: problem('"data-stg" cannot be converted', '[DEFAULT] has settings that would stand against its own. Nothing was changed.', 'Leave it as it is, it works; or choose others.') }),
  'import-file-changed': () => ({
    ...diffing({ reply: 'conversion', plan: CONVERSION }, { reply: 'failed', field: null, problem: problem('/home/sam/.aws/config changed in between', 'Another program wrote it since this was shown. Nothing was changed.', 'Look at the change again, then confirm it.', button('Look again', { action: { action: 'edit', field: 'conversion', suggestion: null } })) }),
    press: ['Import from AWS config', 'Convert data-stg to sso-session', 'Show the change', 'Convert 1 profile'],
  }),
  'activity-undo-import': () => scene({ view: 'activity', state: state({ activity: IMPORTED, converted: [CONVERTED] }) }),
  'activity-undo-import-ask': () => scene({ view: 'activity', state: state({ activity: IMPORTED, converted: [CONVERTED] }), press: ['Undo import…'] }),
  'credentials-undo-import': () => scene({ view: 'credentials', state: state({ import: CONFIG_NOTE, converted: [CONVERTED] }) }),
  'import-unread': () => importing(IMPORT_UNREAD),
  'first-run-url': () =>
    scene({
      portals: {},
      state: state({ organisations: [], favourites: [], recents: [], profiles: [], first_run: FIRST_RUN }),
      press: ['Enter your start URL'],
      type: ['Start URL', 'acme'],
      reply: () => ({ reply: 'checked', found: { start_url: 'https://acme.awsapps.com/start', name: 'Acme', region: 'eu-west-1', text: 'acme.awsapps.com answers. Region eu-west-1.' } }),
    }),
  'first-run-failed': () =>
    scene({
      portals: {},
      state: state({ organisations: [], favourites: [], recents: [], profiles: [], first_run: FIRST_RUN }),
      press: ['Enter your start URL'],
      type: ['Start URL', 'acmee'],
      reply: () => ({ reply: 'failed', field: 'start_url', problem: { ...problem('acmee.awsapps.com did not answer', '', 'Check the spelling or your VPN.'), details: '' } }),
    }),
  'first-run-no-trust': () =>
    scene({
      portals: {},
      state: state({ organisations: [], favourites: [], recents: [], profiles: [], first_run: FIRST_RUN }),
      press: ['Enter your start URL'],
      type: ['Start URL', 'acme'],
      reply: () => ({
        reply: 'failed',
        field: null,
        problem: {
          ...problem('This computer trusts no certificates', 'It has no list of authorities to check servers with, so Latchkey did not send anything. The sample organisation works without.', 'Install the package ca-certificates, then try again.', button('Try again')),
          details: '',
        },
      }),
    }),
  'quit': () => scene({ press: ['quit'] }),
  ...KEY_SCENES,
  ...SIGN_IN_SCENES,
};

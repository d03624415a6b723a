import type { UiChange, UiFed } from '../bindings';
import { ACCOUNTS, HOUR, MANY, MINUTE, NOW, appShortcut, organisation, portal, shortcut } from './organisation';
import { banner, button, problem, scene, signIn, state, WITHOUT_TRAY, type Shown } from './state';
import { CONFIG_NOTE, IMPORT } from './config-file';
import { hidden, signsInByItself } from './deliveries';
import { nothing, apps, notListed, confirms, confirmsTyped, taken, defaulted, KEYS, loading, noBrowser, silent, untrusted, CLOCK_OFF, KEYRING_LOCKED, KEYRING_MISSING, SIGNED_OUT, STORE_DAMAGED, STORE_NOT_WRITABLE } from './parts';

const pause = button('Pause loading', { action: { action: 'ask', request: { ask: 'pause_sync', org: 'acme' } } });
const goOn = button('Continue loading', { action: { action: 'ask', request: { ask: 'sync', org: 'acme' } } });
const updateReady = banner(
  'update',
  'Latchkey 1.4.2 is ready',
  'Restarts in 2 s, credentials stay valid.',
  button('Restart', { action: { action: 'ask', request: { ask: 'restart' } } }),
  button('Later', { action: { action: 'ask', request: { ask: 'update_later' } } }),
);
const gained = (id: string, what: string): UiChange => ({ gained: true, id, noticed: NOW - HOUR, since: NOW - 5 * HOUR, profiles: [], title: `New: ${what}`, meaning: 'You can open it from now on.' });
const lost = (account: string, role: string, ...profiles: UiFed[]): UiChange => ({
  gained: false,
  id: `role/${ACCOUNTS.find(({ name }) => name === account)?.id}/${role}`,
  noticed: NOW - HOUR,
  since: NOW - 4.9 * HOUR,
  profiles,
  title: `You no longer have ${role} in ${account}`,
  meaning: 'It was removed by an administrator.',
});
const syncing = () =>
  scene({
    portals: { acme: portal(ACCOUNTS.map((account, at) => (at > 6 ? { ...account, roles: null } : account))) },
    state: state({}, { synced: null, sync: { state: 'running', done: 7, total: 12 }, sync_text: 'Loaded 7 of 12 accounts.', accounts_loading: 5 }),
  });

/** The portal, and what is asked in it, in every state. */
export const PORTAL_SCENES: Record<string, () => Shown> = {
  'portal': () => scene(),
  'portal-search': () => scene({ query: 'pay read' }),
  'portal-grouped': () => scene({ prefer: { grouping: 'environment', sort: 'used', hidden: ['acme/640281190035/ReadOnly'] } }),
  'portal-most-used': () => scene({ prefer: { sort: 'most' } }),
  'portal-favourites-empty': () => scene({ state: state({ favourites: [] }), press: ['Favourites only'] }),
  'portal-search-empty': () => scene({ query: 'pyaments' }),
  'portal-without-tray': () => scene({ state: state({ tray: false, tray_host: null, closed_text: WITHOUT_TRAY }), later: 5_000 }),
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
  'portal-syncing': () => syncing(),
  'portal-syncing-long': () => ({ ...syncing(), later: 5_000 }),
  'portal-loading-paused': () =>
    scene({
      ...syncing(),
      state: state(
        {},
        {
          synced: null,
          sync: { state: 'paused', done: 7, total: 12 },
          sync_text: 'Loading is paused.',
          accounts_loading: 5,
          banner: banner('loading_paused', 'Loading is paused', 'Loaded 7 of 12 accounts.', goOn),
        },
      ),
    }),
  'portal-loading-paused-first': () =>
    scene({
      portals: nothing,
      state: state(
        { favourites: [], recents: [], profiles: [] },
        { synced: null, sync: { state: 'paused', done: 0, total: 0 }, sync_text: 'Loading is paused.', banner: banner('loading_paused', 'Loading is paused', 'No accounts are known yet.', goOn) },
      ),
    }),
  'portal-throttled': () =>
    scene({
      state: state(
        {},
        {
          sync: { state: 'throttled', until: NOW + 12_000, done: 7, total: 12 },
          sync_text: 'Loaded 7 of 12 accounts.',
          banner: { ...banner('throttled', 'AWS is limiting requests', 'Loaded 7 of 12 accounts. Continuing by itself.', pause), until: NOW + 12_000 },
        },
      ),
    }),
  'portal-offline': () =>
    scene({
      state: state(
        { online: false },
        {
          synced: NOW - 40 * MINUTE,
          no_console: 'You are offline. Consoles open again when the network is back.',
          banner: { ...banner('offline', 'You are offline', 'Showing accounts from 13:24. Consoles open again when the network is back.', button('Retry now')), until: NOW + 20_000 },
        },
      ),
    }),
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
  'portal-keyring-locked': () => scene({ state: state({ keyring: KEYRING_LOCKED }, { banner: banner('keyring', KEYRING_LOCKED.title, `${KEYRING_LOCKED.meaning} ${KEYRING_LOCKED.next}`, ...KEYRING_LOCKED.buttons) }) }),
  'portal-keyring-missing': () => scene({ state: state({ keyring: KEYRING_MISSING }, { banner: banner('keyring', KEYRING_MISSING.title, `${KEYRING_MISSING.meaning} ${KEYRING_MISSING.next}`, ...KEYRING_MISSING.buttons) }) }),
  'portal-clock': () => scene({ state: state({ clock: CLOCK_OFF }, { banner: banner('clock', CLOCK_OFF.title, `${CLOCK_OFF.meaning} ${CLOCK_OFF.next}`, ...CLOCK_OFF.buttons) }) }),
  'portal-store-damaged': () => scene({ state: state({}, { banner: banner('store', STORE_DAMAGED.title, `${STORE_DAMAGED.meaning} ${STORE_DAMAGED.next}`) }) }),
  'portal-store-not-writable': () => scene({ state: state({}, { banner: banner('store', STORE_NOT_WRITABLE.title, `${STORE_NOT_WRITABLE.meaning} ${STORE_NOT_WRITABLE.next}`, ...STORE_NOT_WRITABLE.buttons) }) }),
  'portal-update': () => scene({ state: state({}, { banner: updateReady }) }),
  'portal-update-unfit': () =>
    scene({
      state: state({}, { banner: updateReady }),
      press: ['Restart'],
      reply: ({ ask }) =>
        ask === 'restart'
          ? { reply: 'failed', field: null, problem: problem('The new Latchkey does not start', 'The system said: it ended with exit status: 127. This one goes on; nothing was changed.', 'Install it again, then restart.', button('Try again', { action: { action: 'ask', request: { ask: 'restart' } } })) }
          : { reply: 'done' },
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
            lost('payments-prod', 'Administrator'),
            gained('role/518833107790/Incident', 'Incident in storefront-prod'),
            gained('app/ins-1', 'Wiki (app)'),
          ],
        }),
      },
    }),
  'portal-changes-all': () =>
    scene({
      portals: {
        acme: portal(ACCOUNTS, {
          changes: [gained('role/518833107790/Incident', 'Incident in storefront-prod'), ...['ReadOnly', 'Developer', 'Billing', 'SecurityAudit'].map((role) => lost('payments-prod', role))],
        }),
      },
      press: ['Show all 5'],
    }),
  'portal-role-lost': () =>
    scene({
      portals: {
        acme: portal(ACCOUNTS, {
          changes: [
            lost('payments-prod', 'Administrator', { name: 'pay-admin', expires: NOW + 40 * MINUTE }),
            lost('storefront-dev', 'PowerUser', { name: 'store', expires: NOW - 3 * MINUTE }, { name: 'store-ask', expires: null }),
            gained('app/ins-1', 'Wiki (app)'),
          ],
        }),
      },
    }),
  'portal-opening': () =>
    scene({
      state: state({
        launches: [
          { grant: shortcut('payments-prod', 'ReadOnly').grant, launch: { state: 'opened', at: NOW - 500 }, text: 'Opened in Firefox' },
          { grant: shortcut('payments-dev', 'PowerUser').grant, launch: { state: 'opening' }, text: 'Opening…' },
          { grant: shortcut('storefront-dev', 'Developer').grant, launch: { state: 'failed', at: NOW, problem: noBrowser }, text: '' },
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
          { app: appShortcut('Grafana').app, launch: { state: 'opened', at: NOW - 500 }, text: 'Opened in Firefox' },
          { app: appShortcut('PayRoll').app, launch: { state: 'opening' }, text: 'Opening…' },
          { app: appShortcut('Wiki').app, launch: { state: 'failed', at: NOW, problem: problem('Could not open your browser', 'Wiki did not open.', 'Copy the link and open it yourself.', button('Try again')) }, text: '' },
        ],
      }),
    }),
  'portal-offer': () =>
    scene({
      state: state({ profiles: [], launches: [{ grant: shortcut('payments-prod', 'ReadOnly').grant, launch: { state: 'opened', at: NOW - 500 }, text: 'Opened in Firefox' }] }),
    }),
  'first-run-choose': () =>
    scene({
      state: state({ profiles: [], import: CONFIG_NOTE, launches: [{ grant: shortcut('payments-prod', 'ReadOnly').grant, launch: { state: 'opened', at: NOW - 500 }, text: 'Opened in Firefox' }] }),
      reply: ({ ask }) => (ask === 'look_at_config' ? { reply: 'config', import: IMPORT } : { reply: 'done' }),
      press: ['Choose profiles'],
    }),
  'portal-service': () => scene({ press: ['More, payments-dev, PowerUser', 'Open console at service…'] }),
  'portal-confirm': () => scene({ query: 'payments-prod', reply: confirms, press: ['Open console, payments-prod, Administrator, production'] }),
  'portal-confirm-typed': () => scene({ query: 'payments-prod', reply: confirmsTyped, press: ['Open console, payments-prod, Administrator, production'] }),
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
  'keys-copied': () => scene({ press: [KEYS, 'Environment variables', 'Copy environment'] }),
  'keys-expired': () =>
    scene({
      press: [KEYS, 'Environment variables', 'Copy environment'],
      reply: ({ ask }) => (ask === 'copy_environment' ? { reply: 'copied', until: NOW - MINUTE } : { reply: 'done' }),
    }),
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
};

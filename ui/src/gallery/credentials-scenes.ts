import { CONFIG_NOTE } from './config-file';
import { HOUR, NOW, onDemand, profile } from './organisation';
import { banner, button, problem, scene, signIn, state, type Shown } from './state';
import { latchMissing, otherProcess, ways } from './deliveries';
import { manyProfiles, sandboxOrg, SANDBOX, NOT_WRITABLE, SIGNED_OUT } from './parts';

/** The credentials manager. */
export const CREDENTIALS_SCENES: Record<string, () => Shown> = {
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
};

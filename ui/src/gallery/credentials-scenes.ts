import { CONFIG_NOTE } from './config-file';
import { HOUR, MINUTE, NOW, onDemand, profile } from './organisation';
import { banner, button, problem, scene, signIn, state, type Shown } from './state';
import { latchMissing, otherProcess, ways } from './deliveries';
import { manyProfiles, sandboxOrg, SANDBOX, NOT_WRITABLE, NEVER_WRITTEN, CHANGED, SIGNED_OUT } from './parts';

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
  'credentials-never-written': () =>
    scene({
      view: 'credentials',
      state: state(
        { profiles: [profile('pay-dev', 'payments-dev', 'PowerUser', 'not_writable', 0, { expires: null, lifetime: null, written: null, key_tail: null, problem: NEVER_WRITTEN })], attention: '1 needs attention' },
        { banner: banner('blocked', NEVER_WRITTEN.title, 'Nothing was written yet.', button('Try again')) },
      ),
      press: ['Details of pay-dev'],
    }),
  'credentials-changed': () =>
    scene({
      view: 'credentials',
      state: state(
        { profiles: [profile('pay-dev', 'payments-dev', 'PowerUser', 'conflict', 8, { problem: CHANGED, writer: { ours: false, name: 'Another program', at: NOW - 2 * MINUTE } })], attention: '1 needs attention' },
        { banner: banner('blocked', 'pay-dev needs you', 'Latchkey stopped refreshing so that nothing is lost.', button('Review', { action: { action: 'show', view: 'credentials' } })) },
      ),
      press: ['Details of pay-dev'],
    }),
  'credentials-checking': () =>
    scene({ view: 'credentials', state: state({ profiles: [profile('pay-dev', 'payments-dev', 'PowerUser', 'checking', 42), profile('pay-ro', 'payments-prod', 'ReadOnly', 'checking', 31)], credentials_line: '' }) }),
  'credentials-expired': () =>
    scene({
      view: 'credentials',
      state: state(
        {
          profiles: [
            profile('pay-dev', 'payments-dev', 'PowerUser', 'expired', -3, {
              problem: { ...problem('pay-dev has expired', 'Tools that use it get errors.', 'Sign in; it is refreshed by itself then.', signIn), details: '' },
            }),
          ],
          attention: '1 needs attention',
          credentials_line: '',
        },
        { ...SIGNED_OUT, synced: NOW - HOUR, banner: banner('signed_out', 'Sign in to Acme to keep 1 profile fresh', 'None of them works until you do.', signIn) },
      ),
      press: ['Details of pay-dev'],
    }),
  'credentials-access-removed': () =>
    scene({
      view: 'credentials',
      state: state(
        {
          profiles: [
            profile('pay-dev', 'payments-dev', 'PowerUser', 'access_removed', 24, {
              problem: { ...problem('You no longer have PowerUser in payments-dev', 'Acme does not list it any more. It works for 24 min more.', 'Remove the profile, or ask an administrator if you still need it.', button('Remove profile')), details: '' },
            }),
          ],
          attention: '1 needs attention',
        },
        { banner: banner('blocked', 'pay-dev needs you', 'Latchkey stopped refreshing so that nothing is lost.', button('Review', { action: { action: 'show', view: 'credentials' } })) },
      ),
      press: ['Details of pay-dev'],
    }),
  'credentials-throttled': () =>
    scene({
      view: 'credentials',
      state: state({
        profiles: [
          profile('pay-dev', 'payments-dev', 'PowerUser', 'retrying', 12, {
            problem: problem('Could not refresh pay-dev', 'AWS is limiting requests. It works for 12 min more.', 'Failing since 14:02. Latchkey tries again at 14:05.', button('Try now')),
          }),
        ],
      }),
      press: ['Details of pay-dev'],
    }),
  'credentials-touch': () =>
    scene({
      view: 'credentials',
      state: state({
        profiles: [
          profile('pay-admin', 'payments-prod', 'Administrator', 'touch_needed', 4, {
            problem: { ...problem('pay-admin waits for a touch of your key', 'Acme gives new credentials out only after one. It works for 4 min more.', 'Touch your key, and it goes on.', button('Touch your key')), details: '' },
          }),
        ],
        attention: '1 needs attention',
      }),
      press: ['Details of pay-admin'],
    }),
  'credentials-link': () =>
    scene({
      view: 'credentials',
      state: state({ file: { ...state().file, notes: [{ ...problem('~/.aws/credentials is a link', 'Latchkey writes to its target, /home/sam/dotfiles/aws/credentials.', 'Nothing to do if that is what you want.', button('Continue'), button('Change location')), details: '' }] } }),
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

import { CONFIG_NOTE, CONVERSION, CONVERTED, IMPORT, IMPORT_UNREAD } from './config-file';
import { organisation } from './organisation';
import { button, problem, scene, SETTINGS, state, type Shown } from './state';
import { FIRST_RUN, firstRun, IMPORTED, diffing, importing, sandboxOrg, SANDBOX, sample } from './parts';

/** The first run, the sample organisation and imports; and what else there is once. */
export const FIRST_RUN_SCENES: Record<string, () => Shown> = {
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
};

import type { UiPolicy } from '../bindings';
import { organisation } from './organisation';
import { button, NETWORK, problem, REPORT, scene, SETTINGS, state, WITHOUT_TRAY, type Shown } from './state';
import { browsers } from './parts';

/** What an administrator decided on this computer. */
const POLICY: UiPolicy = {
  locked: ['step_up_minutes', 'step_up_verify'],
  rules: [{ field: 'name', pattern: '^pay.*-live$', environment: 'production' }],
  marked: [{ account: '111122223333', role: 'Deploy' }],
  patterns: [{ role: '^break-?glass', account: '' }],
  problem: null,
};

/** Settings. */
export const SETTINGS_SCENES: Record<string, () => Shown> = {
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
            ...SETTINGS.safety,
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
  'settings-policy': () =>
    scene({ view: 'settings', section: 'credentials', state: state({ settings: { ...SETTINGS, refresh_lead: 30, remove_on_quit: true, default_delivery: 'on_demand' }, policy: { ...POLICY, locked: ['refresh_lead', 'remove_on_quit', 'default_delivery'] } }) }),
  'settings-policy-safety': () =>
    scene({
      view: 'settings',
      section: 'safety',
      state: state({
        policy: POLICY,
        settings: { ...SETTINGS, safety: { ...SETTINGS.safety, rules: [{ field: 'email', pattern: '@lab\\.acme', environment: 'sandbox' }], step_up_verify: true, step_up_minutes: 5 } },
        step_up: { waiting: null, keys: [{ id: 'a', name: 'YubiKey 5C', used: 'Touched yesterday', touched: true }], marked: [] },
      }),
    }),
  'settings-policy-network': () =>
    scene({ view: 'settings', section: 'network', state: state({ policy: { ...POLICY, locked: ['proxy', 'ca_file'] }, network: { proxy: 'http://proxy.acme.test:3128', no_proxy: '', ca_file: '/etc/ssl/certs/acme.pem', in_force: [{ name: 'Proxy', value: 'http://proxy.acme.test:3128', by: 'Set by your organisation' }, { name: 'Extra certificates', value: '/etc/ssl/certs/acme.pem', by: 'Set by your organisation' }] } }) }),
  'settings-policy-bad': () =>
    scene({
      view: 'settings',
      state: state({ policy: { ...POLICY, locked: [], problem: problem('What your organisation set cannot be read', 'Line 3 of /etc/latchkey/policy.json: refresh_lead: invalid type: string "soon", expected u16. Nothing in it counts, and your own settings do.', 'Ask an administrator to correct it, then start Latchkey again.') } }),
    }),
  'settings-tray': () => scene({ view: 'settings', section: 'tray', state: state({ settings: { ...SETTINGS, tray: { ...SETTINGS.tray, accounts: 10 } } }) }),
  'settings-tray-clicks': () => scene({ view: 'settings', section: 'tray', state: state({ tray_host: { clicks: true, text: true }, settings: { ...SETTINGS, tray: { ...SETTINGS.tray, left_click: 'window' } } }) }),
  'settings-tray-off': () => scene({ view: 'settings', section: 'tray', state: state({ tray: false, closed_text: WITHOUT_TRAY, settings: { ...SETTINGS, tray: { ...SETTINGS.tray, icon: false } } }) }),
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
};

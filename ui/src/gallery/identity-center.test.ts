import { expect, test } from 'vitest';
import { organisation } from './organisation';
import { configBlock } from '../portal/identity-center';

test("the AWS CLI's settings for a role, with names that its file can hold", () => {
  const grant = { org: 'acme', account: '111122224444', role: 'PowerUser' };
  expect(configBlock(organisation({ name: 'Acme & Sons' }), grant, 'pay-dev').split('\n')).toEqual([
    '[sso-session acme-sons]',
    'sso_start_url = https://acme.awsapps.com/start',
    'sso_region = eu-west-1',
    'sso_registration_scopes = sso:account:access',
    '',
    '[profile pay-dev]',
    'sso_session = acme-sons',
    'sso_account_id = 111122224444',
    'sso_role_name = PowerUser',
    'region = eu-west-1',
  ]);
});

import type { UiGrant, UiOrganisation } from '../bindings';
import { slug } from './row';

/** The AWS CLI's own settings for a role: no secret is among them. The names of keys are the CLI's. */
export function configBlock(org: UiOrganisation, grant: UiGrant, profile: string): string {
  const name = slug(org.name) || 'organisation';
  return [
    `[sso-session ${name}]`,
    `sso_start_url = ${org.start_url}`,
    `sso_region = ${org.region}`,
    'sso_registration_scopes = sso:account:access',
    '',
    `[profile ${profile}]`,
    `sso_session = ${name}`,
    `sso_account_id = ${grant.account}`,
    `sso_role_name = ${grant.role}`,
    `region = ${org.region}`,
  ].join('\n');
}

import type { UiAccount, UiEnvironment, UiGrant, UiRole, UiRoleShortcut, UiSensitivity, UiShortcut } from '../bindings';

/** What a row about one role shows. */
export interface RoleLine {
  grant: UiGrant;
  account: string;
  environment: UiEnvironment;
  sensitivity: UiSensitivity;
  suggested: string;
  /** False when the portal does not list it any more. */
  listed: boolean;
}

export function lineOf(org: string, account: UiAccount, role: UiRole): RoleLine {
  return {
    grant: { org, account: account.id, role: role.name },
    account: account.name,
    environment: account.environment,
    sensitivity: role.sensitivity,
    suggested: role.suggested_profile,
    listed: true,
  };
}

export function lineOfShortcut(shortcut: UiRoleShortcut, accounts: UiAccount[]): RoleLine {
  const role = accounts
    .find((account) => account.id === shortcut.grant.account)
    ?.roles?.find((role) => role.name === shortcut.grant.role);
  return {
    grant: shortcut.grant,
    account: shortcut.account_name,
    environment: shortcut.environment,
    sensitivity: shortcut.sensitivity,
    suggested: role?.suggested_profile ?? slug(`${shortcut.account_name}-${shortcut.grant.role}`),
    listed: shortcut.listed,
  };
}

export const orgOf = (one: UiShortcut): string => (one.kind === 'app' ? one.app.org : one.grant.org);

/** Equal for shortcuts to the same. */
export const keyOf = (one: UiShortcut): string =>
  one.kind === 'app' ? `app/${one.app.org}/${one.app.app}` : `${one.grant.org}/${one.grant.account}/${one.grant.role}`;

/** A profile name that every tool takes. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

/** The link that opens this console for whoever may: it holds no secret. */
export function consoleLink(startUrl: string, grant: UiGrant): string {
  const query = new URLSearchParams({ account_id: grant.account, role_name: grant.role });
  return `${startUrl.replace(/[#/]+$/, '')}/#/console?${query}`;
}

const PARTITIONS = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['eusc-', 'aws-eusc'],
] as const;

/**
 * What an IAM policy names this role by. AWS ends a role's real name at random, and puts a region into its
 * path where Identity Center is not in us-east-1.
 */
export function roleArnPattern(region: string, grant: UiGrant): string {
  const [, partition] = PARTITIONS.find(([prefix]) => region.startsWith(prefix)) ?? ['', 'aws'];
  return `arn:${partition}:iam::${grant.account}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_${grant.role}_*`;
}

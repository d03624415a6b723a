import { onDemand, profile } from './organisation';
import { button, problem } from './state';

export const hidden = problem(
  'Keys in ~/.aws/credentials hide "payments-prod-administrator"',
  'They come before what the config file says. The AWS CLI, boto3, Go programs such as Terraform and JavaScript programs would not use what Latchkey brings.',
  'Choose another name, or move those keys to a backup.',
  button('Use "payments-prod-administrator-2"'),
  button('Move those keys to a backup', { danger: true }),
);

export const otherProcess = problem(
  '"pay-dev" gets its credentials from another program',
  'Its credential_process in ~/.aws/config is not Latchkey\'s. Nothing was changed.',
  'Choose another name, so that no two programs compete; or replace it and keep a backup.',
  button('Replace and keep a backup', { danger: true }),
);

export const latchMissing = problem(
  'The program latch is missing',
  'Tools would ask /usr/bin/latch, and there is none. Nothing was changed.',
  "Install Latchkey's package again, which brings it; or use another delivery.",
  button('Try again'),
);

export const signsInByItself = problem(
  '"payments-dev-poweruser" already signs in by itself',
  'It has SSO settings in ~/.aws/config. Nothing was changed. Every tool would use those instead.',
  'Let Latchkey keep that sign-in fresh, or choose another name.',
  button('Use SSO cache delivery'),
  button('Use "payments-dev-poweruser-2"'),
);

export const ways = [
  profile('pay-dev', 'payments-dev', 'PowerUser', 'fresh', 42),
  onDemand('pay-admin', 'payments-prod', 'Administrator', 3),
  onDemand('pay-ro', 'payments-prod', 'ReadOnly', null),
];

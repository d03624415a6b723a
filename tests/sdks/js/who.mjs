// Asks AWS who it is, once for each line it reads, with one client all the time: a program that runs for long.
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { createInterface } from 'node:readline';

const client = new STSClient({});
for await (const _ of createInterface({ input: process.stdin })) {
  let said;
  try {
    const { Account: account, Arn: arn } = await client.send(new GetCallerIdentityCommand({}));
    const { accessKeyId: key } = await client.config.credentials();
    said = { account, arn, key };
  } catch (error) {
    said = { error: `${error.name}: ${error.message}` };
  }
  console.log(JSON.stringify(said));
}

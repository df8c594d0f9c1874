import { databaseOf, targetBeside } from '../../providers/postgres/address.ts';
import type { Target } from '../../seams/target.ts';
import { loadClient, type PostgresClient } from './client.ts';
import { clientOf, placeOf } from './place.ts';
import { serviceIn } from './service.ts';

/**
 * The variables of an environment that lead to main, as they are to be to lead to a branch: those that hold an address
 * of main, whatever they are called, and libpq's own where these mean main.
 */
export async function environmentFor(
  main: Target,
  branch: Target,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Readonly<Record<string, string | undefined>>> {
  const [from, to] = [await clientOf(main.variable), await clientOf(branch.variable)];
  const variables: Record<string, string> = {};
  for (const [name, value = ''] of Object.entries(environment)) {
    if (!/^postgres(?:ql)?:\/\//i.test(value)) continue;
    const found = await clientOf(value).catch(() => undefined);
    if (found === undefined || !isSame(found, from)) continue;
    // Who connects, and how, stays as it is where the server does.
    variables[name] = isSameServer(from, to)
      ? targetBeside({ url: '', variable: value }, databaseOf(branch)).variable
      : branch.variable;
  }
  const means = isSame(await clientOf(undefined), from) || (await isMeantByLibpq(main, from, environment));
  if (!means) return variables;
  const { host, port, user, password } = to;
  return {
    ...variables,
    // To libpq they count for more than those below.
    ...(environment['PGSERVICE'] === undefined ? {} : { PGSERVICE: undefined }),
    ...(environment['PGHOSTADDR'] === undefined ? {} : { PGHOSTADDR: undefined }),
    PGHOST: host,
    PGPORT: String(port),
    PGDATABASE: databaseOf(branch),
    ...(user === undefined ? {} : { PGUSER: user }),
    ...(password ? { PGPASSWORD: password } : {}),
  };
}

/** Two of its variables pg knows nothing of. */
async function isMeantByLibpq(
  main: Target,
  from: PostgresClient,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  const service = await serviceIn(environment);
  const address = service['hostaddr'] ?? environment['PGHOSTADDR'];
  const { Client } = await loadClient();
  const { host, port, dbname: database, user } = service;
  const meant = new Client({
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(database === undefined ? {} : { database }),
    ...(user === undefined ? {} : { user }),
  });
  if (address === undefined) return isSame(meant, from);
  const { addresses } = await placeOf(main);
  return meant.database === from.database && meant.port === from.port && addresses.includes(address);
}

function isSame(one: PostgresClient, other: PostgresClient): boolean {
  return one.database === other.database && isSameServer(one, other);
}

function isSameServer(one: PostgresClient, other: PostgresClient): boolean {
  return one.port === other.port && hostOf(one) === hostOf(other);
}

/** The names of this machine are one. */
function hostOf({ host }: PostgresClient): string {
  return ['127.0.0.1', '::1', '[::1]'].includes(host) ? 'localhost' : host.toLowerCase();
}

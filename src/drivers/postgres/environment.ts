import { databaseOf, targetBeside } from '../../providers/postgres/address.ts';
import type { Target } from '../../seams/target.ts';
import type { PostgresClient } from './client.ts';
import { clientOf } from './place.ts';

/**
 * The variables of an environment that lead to main, as they are to be to lead to a branch: those that hold an address
 * of main, whatever they are called, and libpq's own where these mean main.
 */
export async function environmentFor(
  main: Target,
  branch: Target,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Readonly<Record<string, string>>> {
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
  if (!isSame(await clientOf(undefined), from)) return variables;
  const { host, port, user, password } = to;
  return {
    ...variables,
    PGHOST: host,
    PGPORT: String(port),
    PGDATABASE: databaseOf(branch),
    ...(user === undefined ? {} : { PGUSER: user }),
    ...(password ? { PGPASSWORD: password } : {}),
  };
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

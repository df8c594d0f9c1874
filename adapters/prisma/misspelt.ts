import { ForerunError } from '../../src/error.ts';
import type { Datasource } from './datasource.ts';
import type { Engine } from './provider.ts';

/** For a setting of the datasource that is neither a text nor a variable. It may hold a password, and is not shown. */
export function unreadable({ name, line }: NonNullable<Datasource['malformed']>, file: string): ForerunError<'CONFIG'> {
  return new ForerunError(
    'CONFIG',
    `${file}:${line}: \`${name}\` of the datasource cannot be read: it is neither a text in double quotes nor env("…") with one.`,
    { details: { file }, next: `Write it as: ${name} = env("DATABASE_URL"), or: ${name} = "file:./dev.db"` },
  );
}

/** Throws `CONFIG` for an address that Prisma would not take either. `where` it stands, for the message. */
export function refuseMisspelt(engine: Engine, address: string, where: string): void {
  const wanted = engine === 'sqlite' ? 'file:' : 'postgresql://';
  const [form, what] =
    engine === 'sqlite' ? [/^(?:file|sqlite):/, 'a file'] : [/^postgres(?:ql)?:\/\//, 'a PostgreSQL server'];
  const why = !form.test(address)
    ? `it does not begin with ${wanted}`
    : engine === 'postgres' && !URL.canParse(address)
      ? 'it is no URL (in a password, characters such as # and / are written as %23 and %2F)'
      : undefined;
  if (why === undefined) return;
  throw new ForerunError('CONFIG', `The address that ${where} names is malformed: ${why}.`, {
    details: { keys: ['database'] },
    next: `Correct it, so that it is the address of ${what}, or give --database.`,
  });
}

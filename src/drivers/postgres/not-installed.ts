import { ForerunError } from '../../error.ts';

/** An error of importing an optional peer: whoever has no PostgreSQL need not install what reaches it. */
export function notInstalled(name: 'pg' | 'libpg-query', error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_MODULE_NOT_FOUND') return error;
  return new ForerunError('CONFIG', `PostgreSQL is reached with the package ${name}, which is not installed.`, {
    details: {},
    next: 'Install what it needs: npm install --save-dev pg libpg-query',
    cause: error,
  });
}

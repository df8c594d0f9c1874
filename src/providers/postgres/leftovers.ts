import { quoteIdentifier } from '../../drivers/postgres/names.ts';
import type { Copy, ListedCopy } from '../../seams/provider.ts';
import type { Target } from '../../seams/target.ts';
import { databaseOf } from './address.ts';
import { maintenanceOf, type DatabaseOptions } from './maintenance.ts';
import { listCopies } from './list.ts';
import { idIn } from './records.ts';
import { openSession } from './session.ts';

/** What a restore that was cut short left on main's server, for providers that keep their copies elsewhere. */
export async function listRestoring(main: Target, options: DatabaseOptions): Promise<readonly ListedCopy[]> {
  const server = maintenanceOf(main, options);
  await using session = await openSession(server);
  const copies = await listCopies(session, server, databaseOf(main));
  return copies.filter(isRestoring);
}

/** Whether it was one of those. */
export async function discardRestoring(copy: Copy, options: DatabaseOptions): Promise<boolean> {
  if (!isRestoring(copy) || idIn(databaseOf(copy.target)) !== copy.id) return false;
  await using session = await openSession(maintenanceOf(copy.target, options));
  await session.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(databaseOf(copy.target))} WITH (FORCE)`);
  return true;
}

function isRestoring({ id }: Copy): boolean {
  return /^(?:rs|was)_/.test(id);
}

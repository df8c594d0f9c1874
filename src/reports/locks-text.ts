import type { MigrationResult } from '../result.ts';
import { duration, size } from './quantities.ts';
import type { View } from './style.ts';
import { table } from './table.ts';

/** What each migration locked and for how long, as it was measured on the branch: what others would have waited for. */
export function locksText(migrations: readonly MigrationResult[], view: View): readonly string[] {
  const rows = migrations.flatMap(rowsOf);
  if (rows.length === 0) return [];
  const columns = [
    { title: 'Migration' },
    { title: 'Table' },
    { title: 'Lock' },
    { title: 'Held', align: 'right' as const },
    { title: 'Reads wait', align: 'right' as const },
    { title: 'Writes wait', align: 'right' as const },
    { title: 'Written anew' },
    { title: 'WAL', align: 'right' as const },
  ];
  return ['', view.style.bold('Locks, measured on the branch'), ...table(columns, rows, view.style, '  ')];
}

function rowsOf({ name, evidence }: MigrationResult): readonly (readonly string[])[] {
  const { locks = [], waits = [], rewrites = [], walBytes } = evidence;
  const tables = [...new Set([...locks.map(({ relation }) => relation), ...rewrites])];
  const rows = tables.flatMap((relation) => {
    const wait = waits.find((one) => one.table === relation);
    const held = locks.filter((lock) => lock.relation === relation).toSorted((a, b) => b.heldMs - a.heldMs);
    const about = [
      wait === undefined ? '' : duration(wait.readMs),
      wait === undefined ? '' : duration(wait.writeMs),
      rewrites.includes(relation) ? 'yes' : '',
    ];
    const [first, ...others] = held.map((lock) => [lock.mode, duration(lock.heldMs)]);
    return [[relation, ...(first ?? ['', '']), ...about], ...others.map((lock) => ['', ...lock, '', '', ''])];
  });
  const wal = walBytes === undefined ? '' : size(walBytes);
  return rows.map((row, at) => [at === 0 ? name : '', ...row, at === 0 ? wal : '']);
}

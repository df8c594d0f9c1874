import type { Session } from '../../seams/driver.ts';
import type { History } from '../../seams/records.ts';
import { historyRow, isOurHistory } from '../own-tables.ts';
import { historyTable } from './names.ts';
import { sqliteTexts } from './texts.ts';

/**
 * `_schema_history(version TEXT NOT NULL, name TEXT PRIMARY KEY, applied_on TEXT NOT NULL, checksum TEXT NOT NULL)`,
 * and beside it the texts that were applied.
 */
export function sqliteHistory(session: Session): History {
  const texts = sqliteTexts(session);
  return {
    async rows() {
      if (!(await isOurs(session))) return [];
      // In the order in which they were recorded: clocks of several deployers disagree.
      return (await session.query(`${selectRows} ORDER BY rowid`)).map(historyRow);
    },
    async row(name) {
      if (!(await isOurs(session))) return undefined;
      const [row] = await session.query(`${selectRows} WHERE name = ?`, [name]);
      return row && historyRow(row);
    },
    async record(row, text) {
      if (!(await isOurs(session))) await create(session);
      await texts.keep(row.checksum, text);
      // A row that is replaced keeps its place.
      await session.query(
        `INSERT INTO main.${historyTable} (version, name, applied_on, checksum) VALUES (?, ?, ?, ?)
           ON CONFLICT (name) DO UPDATE SET version = excluded.version, applied_on = excluded.applied_on, checksum = excluded.checksum`,
        [row.version, row.name, row.appliedOn, row.checksum],
      );
    },
    async remove(name) {
      if (await isOurs(session)) await session.query(`DELETE FROM main.${historyTable} WHERE name = ?`, [name]);
    },
    text: texts.read,
  };
}

const selectRows = `SELECT version, name, applied_on AS appliedOn, checksum FROM main.${historyTable}`;

async function create(session: Session): Promise<void> {
  await session.query(
    `CREATE TABLE main.${historyTable} (version TEXT NOT NULL, name TEXT PRIMARY KEY, applied_on TEXT NOT NULL, checksum TEXT NOT NULL)`,
  );
}

async function isOurs(session: Session): Promise<boolean> {
  const columns = await columnsOf(session, historyTable);
  return isOurHistory(historyTable, {
    columns: columns.map((column) => column.name),
    key: columns.filter((column) => column.pk > 0).map((column) => column.name),
  });
}

async function columnsOf(
  session: Session,
  table: string,
): Promise<readonly { readonly name: string; readonly pk: number }[]> {
  const columns = await session.query('SELECT name, pk FROM pragma_table_info(?, ?)', [table, 'main']);
  return columns.map((column) => ({ name: String(column['name']), pk: Number(column['pk']) }));
}

import type { Session } from '../../seams/driver.ts';
import { textTable } from './names.ts';

/** The texts that were applied, by checksum: `_forerun_texts(checksum TEXT PRIMARY KEY, text TEXT NOT NULL)`. */
export interface Texts {
  /** Creates the table where it is absent. What is kept of a checksum already stays. */
  keep(checksum: string, text: string): Promise<void>;
  read(checksum: string): Promise<string | undefined>;
  /** The checksums that begin so. */
  beginning(prefix: string): Promise<ReadonlySet<string>>;
  remove(checksum: string): Promise<void>;
}

export function sqliteTexts(session: Session): Texts {
  const isThere = async (): Promise<boolean> =>
    (await session.query(`SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = ?`, [textTable])).length > 0;
  return {
    async keep(checksum, text) {
      await session.query(
        `CREATE TABLE IF NOT EXISTS main.${textTable} (checksum TEXT PRIMARY KEY, text TEXT NOT NULL)`,
      );
      await session.query(`INSERT OR IGNORE INTO main.${textTable} (checksum, text) VALUES (?, ?)`, [checksum, text]);
    },
    async read(checksum) {
      if (!(await isThere())) return undefined;
      const [row] = await session.query(`SELECT text FROM main.${textTable} WHERE checksum = ?`, [checksum]);
      return row?.['text'] as string | undefined;
    },
    async beginning(prefix) {
      if (!(await isThere())) return new Set();
      const sql = `SELECT checksum FROM main.${textTable} WHERE substr(checksum, 1, length(?)) = ?`;
      return new Set((await session.query(sql, [prefix, prefix])).map((row) => String(row['checksum'])));
    },
    async remove(checksum) {
      if (await isThere()) await session.query(`DELETE FROM main.${textTable} WHERE checksum = ?`, [checksum]);
    },
  };
}

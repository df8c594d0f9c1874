import type { Session } from '../../seams/driver.ts';
import type { History } from '../../seams/records.ts';
import { historyRow, isOurHistory } from '../own-tables.ts';
import { historyTable, quoteIdentifier, textTable } from './names.ts';
import { shapesOf } from './shape.ts';

/**
 * `_schema_history(version TEXT NOT NULL, name TEXT PRIMARY KEY, applied_on TEXT NOT NULL, checksum TEXT NOT NULL)`,
 * and `_forerun_texts(name, checksum, place, text)` with what was applied under each name and which place the name has
 * among all: clocks of several deployers disagree, and a PostgreSQL table has no order of its own.
 */
export function postgresHistory(session: Session, schema = 'public'): History {
  const history = `${quoteIdentifier(schema)}.${historyTable}`;
  const texts = `${quoteIdentifier(schema)}.${textTable}`;
  const select = `SELECT version, name, applied_on AS "appliedOn", checksum FROM`;
  const exist = async (): Promise<{ readonly history: boolean; readonly texts: boolean }> => {
    const [historyShape, textShape] = await shapesOf(session, [
      { schema, table: historyTable },
      { schema, table: textTable },
    ]);
    return {
      history: historyShape !== undefined && isOurHistory(historyTable, historyShape),
      texts: (textShape?.columns.length ?? 0) > 0,
    };
  };
  return {
    async rows() {
      const found = await exist();
      if (!found.history) return [];
      if (!found.texts) return (await session.query(`${select} ${history} ORDER BY ${byClock}`)).map(historyRow);
      return (await session.query(`${placed(history, texts)} ${select} placed ORDER BY ${byPlace}`)).map(historyRow);
    },
    async row(name) {
      if (!(await exist()).history) return undefined;
      const [row] = await session.query(`${select} ${history} WHERE name = $1`, [name]);
      return row && historyRow(row);
    },
    async record(row, text) {
      const found = await exist();
      if (!found.history) await session.query(`CREATE TABLE ${history} ${historyColumns}`);
      if (!found.texts) await session.query(`CREATE TABLE ${texts} ${textColumns}`);
      // A row that is replaced keeps its place. A text goes first, while the history still says whether it is replaced.
      await session.query(
        `INSERT INTO ${texts} (name, checksum, place, text)
         SELECT $1, $2, coalesce((SELECT max(place) FROM ${texts} WHERE name = $1 AND EXISTS (SELECT FROM ${history} WHERE name = $1)),
                                 (SELECT coalesce(max(place), 0) + 1 FROM ${texts})), $3
             ON CONFLICT (name, checksum) DO UPDATE SET place = excluded.place`,
        [row.name, row.checksum, text],
      );
      await session.query(
        `INSERT INTO ${history} (version, name, applied_on, checksum) VALUES ($1, $2, $3, $4)
             ON CONFLICT (name) DO UPDATE SET version = excluded.version, applied_on = excluded.applied_on, checksum = excluded.checksum`,
        [row.version, row.name, row.appliedOn, row.checksum],
      );
    },
    async remove(name) {
      if ((await exist()).history) await session.query(`DELETE FROM ${history} WHERE name = $1`, [name]);
    },
    async text(checksum) {
      if (!(await exist()).texts) return undefined;
      const [row] = await session.query(`SELECT text FROM ${texts} WHERE checksum = $1 LIMIT 1`, [checksum]);
      return row?.['text'] as string | undefined;
    },
  };
}

const historyColumns =
  '(version TEXT NOT NULL, name TEXT PRIMARY KEY, applied_on TEXT NOT NULL, checksum TEXT NOT NULL)';
const textColumns =
  '(name TEXT NOT NULL, checksum TEXT NOT NULL, place BIGINT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (name, checksum))';

function placed(history: string, texts: string): string {
  return `WITH placed AS (SELECT h.*, (SELECT max(t.place) FROM ${texts} AS t WHERE t.name = h.name) AS place FROM ${history} AS h)`;
}

const byClock = `applied_on COLLATE "C", name COLLATE "C"`;

/** A row that somebody else wrote has no place: it stands behind the last one that its clock says was before it. */
const byPlace = `coalesce(place, (SELECT max(p.place) FROM placed AS p WHERE p.applied_on COLLATE "C" <= placed.applied_on), 0), place NULLS LAST, ${byClock}`;

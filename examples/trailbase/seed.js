import { existsSync, mkdirSync } from 'node:fs';
import Database from 'better-sqlite3';

/**
 * Makes `traildepot/data/main.db` as `trail run` leaves it behind, in small: TrailBase's table of what was applied, with
 * the rows of its own migrations, and an application's table with two articles.
 */
const data = `${import.meta.dirname}/traildepot/data`;
if (!existsSync(`${data}/main.db`)) {
  mkdirSync(data, { recursive: true });
  const database = new Database(`${data}/main.db`);
  database.pragma('journal_mode = WAL');
  database.function('is_uuid_v7', { deterministic: true }, (id) => Number(id.length === 16));
  database.exec(`
    CREATE TABLE _schema_history (version INT PRIMARY KEY, name TEXT, applied_on TEXT, checksum TEXT) STRICT;
    INSERT INTO _schema_history VALUES
      (1, 'initial', '2026-03-01T08:00:00.00899Z', '11166444817860960262'),
      (2, 'file_deletions', '2026-03-01T08:00:00.011Z', '5089486392068093320'),
      (3, 'user_id', '2026-03-01T08:00:00.0125Z', '6379452306612288126');
    CREATE TABLE articles (
      id BLOB PRIMARY KEY NOT NULL CHECK (is_uuid_v7(id)),
      title TEXT NOT NULL,
      body TEXT NOT NULL
    ) STRICT;
    INSERT INTO articles VALUES
      (x'0193b3a0f6a07000800000000000000a', 'Hello', 'A first article.'),
      (x'0193b3a0f6a07000800000000000000b', 'Again', 'A second one, which is longer.');
  `);
  database.close();
  console.log('Created traildepot/data/main.db with 2 articles.');
}

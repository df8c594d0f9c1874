import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder, placeDatabase } from './support/database.ts';
import { program, runNode } from './support/program.ts';
import type { Measured, Result } from './support/result.ts';
import { alternate, bothInWords, inWords } from './support/times.ts';

const allowedMs = 50;

const migrations = {
  'one CREATE TABLE': 'CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT NOT NULL);',
  'five rows of the large table updated': "UPDATE events SET kind = 'refund' WHERE id IN (10, 20, 30, 40, 50);",
  'an index on the large table': 'CREATE INDEX events_by_kind ON events (kind, account_id);',
  'a column, and 20,000 rows of the large table updated': `ALTER TABLE events ADD COLUMN source TEXT;
    UPDATE events SET source = 'import', amount = round(amount, 1) WHERE id % 20 = 0 AND id <= 400000;`,
} as const;

/** The longest that an application's insert waits while a migration is promoted by replay, and while it is just run. */
export async function holdOff(): Promise<Measured> {
  const results: Result[] = [];
  for (const [name, text] of Object.entries(migrations)) {
    const waits = await alternate(7, {
      plain: () =>
        longestWait(text, (path, folder) =>
          runNode(program('plain-transaction'), path, join(folder, 'migrations/001_step.sql')),
        ),
      forerun: () =>
        longestWait(text, (path, folder) => runNode(program('up'), path, join(folder, 'migrations'), 'each')),
    });
    const more = waits.forerun.min - waits.plain.min;
    results.push({
      measured: `longest wait of an application's insert, 100 MB, ${name}`,
      peer: `in a plain transaction ${bothInWords(waits.plain)}`,
      forerun: bothInWords(waits.forerun),
      comparison: `${more < 0 ? '−' : '+'}${inWords(Math.abs(more))}`,
      target: `≤ +${allowedMs} ms`,
      met: more <= allowedMs,
    });
  }
  return { results };
}

/** Over the whole run: checkpoint, rehearsal and promotion. */
async function longestWait(text: string, work: (path: string, folder: string) => Promise<unknown>): Promise<number> {
  const folder = newFolder();
  mkdirSync(join(folder, 'migrations'));
  writeFileSync(join(folder, 'migrations/001_step.sql'), text);
  const path = placeDatabase(folder, '100 MB');
  const application = fork(program('application'), [path]);
  await once(application, 'message');
  await work(path, folder);
  application.send('stop');
  const [told] = (await once(application, 'message')) as [{ readonly longestWait: number }];
  await once(application, 'exit');
  rmSync(folder, { recursive: true });
  return told.longestWait;
}

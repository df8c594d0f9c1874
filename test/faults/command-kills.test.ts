import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sqliteProject } from '../adapters/fixtures/command/project.ts';
import { onSqlite } from '../adapters/fixtures/command/tools.ts';
import { killedAfter, places } from './command-kills.ts';

const [dbmate] = onSqlite;

test.each(places)(
  'a run of a command that is killed after "%s" leaves main whole, and the next run finishes',
  async (said) => {
    const project = await sqliteProject(dbmate?.files);
    const words = dbmate?.words ?? [];
    await killedAfter(said, project, words);
    const versions = (): Promise<unknown[]> => project.read('SELECT version FROM schema_migrations').catch(() => []);
    const columns = await project.read("SELECT name FROM pragma_table_info('notes')");
    const swapped = columns.length > 0;
    expect(await versions()).toEqual(swapped ? ['20260101000000', '20260102000000'] : []);
    expect(columns).toEqual(swapped ? ['id', 'text', 'title'] : []);

    const result = await project.up(words);
    expect(result).toMatchObject({ outcome: swapped ? 'nothing-pending' : 'promoted', exitCode: 0 });
    expect(await versions()).toEqual(['20260101000000', '20260102000000']);
    expect(await project.read('SELECT count(*) FROM users')).toEqual([2]);
    const copies = await readdir(join(project.root, '.forerun/copies'));
    expect(copies.filter((name) => name.startsWith('br_'))).toEqual([]);
  },
);

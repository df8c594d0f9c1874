import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { create } from '../../src/verbs/create.ts';
import { newProject } from '../support/project.ts';
import { addAudit, refusal } from './shop.ts';

test('writes the next migration in the form of those that are there', async () => {
  const project = await newProject();
  await project.migration('001_audit.sql', addAudit);
  const written = await create({ database: 'app.db', root: project.root }, 'Add phone');
  expect(written).toEqual([join(project.root, 'migrations', '002_add_phone.sql')]);
  expect(await readFile(written[0] ?? '', 'utf8')).toContain('--');
});

test('creates the folder that the config names', async () => {
  const project = await newProject();
  const [file] = await create({ database: 'app.db', root: project.root, migrations: 'db/changes' }, 'first');
  expect(file).toMatch(/\/project\/db\/changes\/\d{14}_first\.sql$/);
});

test('sends users of another framework to its own command', async () => {
  const project = await newProject();
  const source = { name: 'umzug', migrations: async () => [] };
  expect((await refusal(create({ database: 'app.db', root: project.root, source }, 'x'), 'USAGE')).message).toContain(
    'umzug',
  );
});

import { expect, test } from 'vitest';
import { diffText } from '../../src/reports/diff-text.ts';
import { rollbackPreviewText } from '../../src/reports/rollback-text.ts';
import { plain, type View } from '../../src/reports/style.ts';
import { checkpoint } from '../../src/verbs/copies.ts';
import { diff } from '../../src/verbs/diff.ts';
import { previewRollback } from '../../src/verbs/rollback.ts';
import { newProject } from '../support/project.ts';

const view: View = { style: plain, cwd: '/shop', verbose: false };

test('rows that were added are told beside as many that are gone', async () => {
  const project = await newProject();
  const setup = await project.setup();
  await checkpoint(setup, 'safe');
  project.write(
    "DELETE FROM orders WHERE id < 3; INSERT INTO orders VALUES (8, 3, 1), (9, 3, 1); UPDATE users SET email = 'x' || id; CREATE TABLE extra (id INTEGER PRIMARY KEY); INSERT INTO extra VALUES (1)",
  );
  const found = await diff(setup, 'safe', 'main');
  expect(found.tables.find(({ table }) => table === 'orders')).toMatchObject({ rowsGone: 2, rowsAdded: 2 });
  expect(diffText(found, view)).toMatch(/orders +3 +3 +0 +2 added, 2 gone/);
  const preview = rollbackPreviewText(await previewRollback(setup, 'safe'), view);
  expect(preview).toMatch(/orders .* 2 rows written since would be lost; 2 rows deleted since would come back/);
  expect(preview).toMatch(/users .* values of email in 3 rows would go back/);
  expect(preview).toMatch(/extra .* made since: would go with 1 row/);
});

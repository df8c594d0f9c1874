import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { forerun } from '../support/cli.ts';
import { newProject } from '../support/project.ts';

/** What Node throws where it loads the compiled half of a package: there is none, or it is for another version. */
const thrown = {
  'was not built': `new Error("Cannot find module 'x'"), { code: 'MODULE_NOT_FOUND' }`,
  'was built for another Node': `new Error('was compiled against a different Node.js version'), { code: 'ERR_DLOPEN_FAILED' }`,
};

test.each(Object.entries(thrown))('a better-sqlite3 that %s is named, and how to build it', async (_name, error) => {
  const project = await newProject();
  const preload = join(project.root, 'preload.cjs');
  await writeFile(preload, `require('node:module')._extensions['.node'] = () => { throw Object.assign(${error}); };`);
  const answer = await forerun(['status', '--database', 'app.db'], {
    cwd: project.root,
    env: { NODE_OPTIONS: `--require ${JSON.stringify(preload)}` },
  });
  expect(answer.stderr).toContain('better-sqlite3, which opens SQLite files, is not built for this version of Node.');
  expect(answer.stderr).toContain('npm rebuild better-sqlite3');
  expect(answer.exitCode).toBe(2);
});

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { entry, environment, forerun } from './support/cli.ts';
import { newProject } from './support/project.ts';

const text = `-- It's a comment.
CREATE TABLE products (id INTEGER PRIMARY KEY);

CREATE TABLE prices (product_id INTEGER);
`;

test.each(['001_products.sql', "001_it's new $HOME.sql"])(
  'where the file of an applied migration is gone, a command shows its text: %s',
  async (file) => {
    const project = await newProject();
    await project.migration(file, text);
    const named = { cwd: project.root };
    const options = ['--database', 'app.db', '--migrations', 'migrations'];
    expect((await forerun(['up', '--safe', ...options], named)).exitCode).toBe(0);
    const path = join(project.root, 'migrations', file);
    const before = await readFile(path, 'utf8');
    await rm(path);

    const gone = await forerun(['status', ...options], named);
    expect(gone.stdout).toContain('its file is gone. Bring the file back from version control; or');
    const command = /keeps: forerun (diff .*)$/m.exec(gone.stdout)?.[1] ?? '';
    const shown = await execa('sh', ['-c', `"${process.execPath}" "${entry}" ${command}`], {
      cwd: project.root,
      env: environment(),
      extendEnv: false,
    });
    const [, body = ''] = /^ {4}text\n(.*)$/ms.exec(shown.stdout) ?? [];
    await writeFile(path, `${body.replaceAll(/^ {4}/gm, '').trimEnd()}\n`);

    expect(await readFile(path, 'utf8')).toBe(before);
    expect((await forerun(['status', ...options], named)).stdout).toContain('1 applied, 0 pending');
    expect((await forerun(['status', ...options], named)).stdout).not.toContain('disagreement');
  },
);

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { entry, environment, forerun, type Answer } from './support/cli.ts';
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

test('where the file is gone for good, that is accepted once for every deployer, and a file that comes back is compared', async () => {
  const project = await newProject();
  await project.migration('001_products.sql', text);
  const options = ['--database', 'app.db', '--migrations', 'migrations'];
  const run = async (...args: string[]): Promise<Answer> => forerun([...args, ...options], { cwd: project.root });
  expect((await run('up', '--safe')).exitCode).toBe(0);
  await rm(join(project.root, 'migrations', '001_products.sql'));
  await project.migration('002_stock.sql', 'CREATE TABLE stock (id INTEGER);');

  const stopped = await run('up', '--safe');
  expect(stopped.exitCode).toBe(3);
  const command = /accept that with: forerun (repair .* 001_products) --reason/.exec(stopped.stdout)?.[1] ?? '';
  const accepted = await forerun([...command.split(' '), '--reason', 'squashed'], { cwd: project.root });
  expect(accepted).toMatchObject({ stdout: 'Accepted that the file of 001_products is gone', exitCode: 0 });

  // Another deployer has the database, and nothing of what was kept beside it.
  await rm(join(project.root, '.forerun'), { recursive: true });
  const status = await run('status');
  expect(status.stdout).toMatch(/applied +001_products .* its file is gone, which was accepted$/m);
  expect(status.stdout).not.toContain('disagreement');
  expect((await run('up', '--safe')).exitCode).toBe(0);
  expect(project.read('SELECT name FROM _schema_history')).toEqual(['001_products', '002_stock']);

  await project.migration('001_products.sql', text);
  const back = await run('status');
  expect(back.stdout).toContain('2 applied, 0 pending');
  expect(back.stdout).not.toContain('gone');
  await project.migration('001_products.sql', `${text}-- more\n`);
  expect((await run('status')).stdout).toMatch(/001_products was changed after it was applied.*\+-- more/s);
});

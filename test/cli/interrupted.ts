import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { childrenOf, forerun, forerunJson, until, type Running } from '../support/cli.ts';
import { newProject, type Project } from '../support/project.ts';
import type { RunResult } from '../../src/result.ts';

/** A statement of many minutes, which nothing but the end of its process can end. */
export const endless =
  'INSERT INTO users (email, name) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e10) SELECT i, i FROM n WHERE i < 0;';
export const migrations: readonly string[] = ['001_products', '002_age'];

export async function shopProject(): Promise<Project> {
  const project = await newProject();
  await project.migration('001_products.sql', 'CREATE TABLE products (id INTEGER PRIMARY KEY);');
  await project.migration('002_age.sql', 'ALTER TABLE users ADD COLUMN age INTEGER;');
  return project;
}

export function tables(project: Project): unknown[] {
  return project.read(
    "SELECT sql FROM sqlite_schema WHERE tbl_name NOT LIKE '\\_%' ESCAPE '\\' AND sql IS NOT NULL ORDER BY name",
  );
}

export function history(project: Project): unknown[] {
  const exists = project.read("SELECT 1 FROM sqlite_schema WHERE name = '_schema_history'").length > 0;
  return exists ? project.read('SELECT name FROM _schema_history ORDER BY name') : [];
}

/** Nothing is left of the interrupted run, and the next one does its work. */
export async function expectNextRunToFinish(project: Project, args: readonly string[] = []): Promise<void> {
  expect(await listed(project, 'branches', args)).toEqual([]);
  const next = await forerunJson(['up', '--safe', ...args], { cwd: project.root });
  expect(next.error).toBeUndefined();
  expect(next.exitCode).toBe(0);
  expect(history(project)).toEqual(migrations);
}

/** What was printed is kept, for its owner only; of a run that had made nothing yet there is nothing to keep. */
export async function expectDocument({ root }: Project, result: RunResult): Promise<void> {
  if (!existsSync(join(root, '.forerun/lock.db'))) return;
  const file = join(root, `.forerun/runs/${result.run}.json`);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(result);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
}

export async function listed(
  project: Project,
  verb: 'branches' | 'checkpoints',
  args: readonly string[] = [],
): Promise<unknown> {
  const { stdout, stderr, exitCode } = await forerun([verb, '--json', ...args], { cwd: project.root });
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout);
}

export async function resultOf(running: Running): Promise<RunResult> {
  const { stdout, exitCode } = await running.ended;
  const result = JSON.parse(stdout) as RunResult;
  expect(exitCode).toBe(result.exitCode);
  return result;
}

/** Waits until the run has come past the rehearsal of a migration: the next one is under way. */
export async function rehearsing(project: Project, migration: string, running: Running): Promise<void> {
  const copies = join(project.root, '.forerun/copies');
  await until(async () => existsSync(copies) && (await childrenOf(running.pid)).length > 0);
  await until(async () => {
    const branch = (await readdir(copies)).find((name) => /^br_.*\.db$/.test(name));
    if (branch === undefined) return false;
    const database = new Database(join(copies, branch), { readonly: true, timeout: 0 });
    try {
      return database.prepare('SELECT 1 FROM _schema_history WHERE name = ?').get(migration) !== undefined;
    } catch {
      return false;
    } finally {
      database.close();
    }
  });
}

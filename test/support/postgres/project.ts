import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { forerun, forerunJson, type Answer } from '../cli.ts';
import type { RunResult } from '../../../src/result.ts';
import type { PostgresServer } from '../postgres.ts';

/** A project with plain SQL migrations and a temporary folder of its own, thrown away after the test. */
export interface PostgresProject {
  readonly root: string;
  /** `TMPDIR` of the program. */
  readonly temporary: string;
  migration(name: string, text: string): Promise<void>;
  /** Body of `forerun.config.mjs`; `dist` is where the compiled package is. */
  config(body: (dist: string) => string): Promise<void>;
  /** The real program, on that address. */
  forerun(address: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Answer>;
  json(address: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<RunResult>;
  /** Text of all that is kept in `.forerun`. */
  kept(): Promise<string>;
}

export async function newPostgresProject(): Promise<PostgresProject> {
  const base = await mkdtemp(join(tmpdir(), 'forerun-project-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const [root, temporary] = [join(base, 'project'), join(base, 'temporary')];
  await mkdir(join(root, 'migrations'), { recursive: true });
  await mkdir(temporary);
  const options = (env: Readonly<Record<string, string>>): Parameters<typeof forerun>[1] => ({
    cwd: root,
    env: { TMPDIR: temporary, ...env },
  });
  return {
    root,
    temporary,
    migration: (name, text) => writeFile(join(root, 'migrations', name), text),
    config: (body) => writeFile(join(root, 'forerun.config.mjs'), body(join(import.meta.dirname, '../../../dist/src'))),
    forerun: (address, args, env = {}) => forerun([...args, '--database', address], options(env)),
    json: (address, args, env = {}) => forerunJson([...args, '--database', address], options(env)),
    async kept() {
      const entries = await readdir(join(root, '.forerun'), { recursive: true, withFileTypes: true }).catch(() => []);
      const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
    },
  };
}

/** What a run may leave on a server and in the temporary folder, and must not: databases, roles and sessions of ours. */
export async function leftBehind(server: PostgresServer, project: PostgresProject): Promise<readonly unknown[]> {
  const rows = await server.query(`
    SELECT 'database ' || datname AS what FROM pg_database WHERE datname LIKE 'forerun%'
    UNION ALL SELECT 'session ' || application_name FROM pg_stat_activity WHERE application_name LIKE 'forerun%'
    UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname LIKE 'forerun%'`);
  const files = (await readdir(project.temporary)).filter((name) => name.startsWith('forerun'));
  return [...rows.map(({ what }) => what), ...files];
}

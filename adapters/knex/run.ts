import type { Knex } from 'knex';
import { ForerunError } from '../../src/error.ts';
import type { Driver } from '../../src/seams/driver.ts';
import type { Attempt, Direction } from '../../src/seams/source.ts';
import type { Target } from '../../src/seams/target.ts';
import { usingKnex } from './alone.ts';
import { prepare, usingTransaction } from './bound.ts';
import type { MigrationModule } from './config.ts';
import { listMigrations, type Listed } from './list.ts';
import type { KnexProject } from './project.ts';
import { unlessStuck, type Own } from './stuck.ts';

/**
 * Runs one migration in this process: in one transaction of ours with the attempt's first and last step, or, where it says
 * that it wants none or was seen to end ours, on a knex of its own with neither. `limited`: it fails where it never comes to
 * its end, which a process can tell that does nothing else.
 */
export async function runMigration(
  project: KnexProject,
  driver: Driver,
  target: Target,
  attempt: Attempt,
  name: string,
  direction: Direction,
  limited: boolean = false,
): Promise<void> {
  const listed = (await listMigrations(project)).find((candidate) => candidate.name === name);
  if (listed === undefined) {
    throw new ForerunError('NOT_FOUND', `${project.where} has no migration "${name}".`, { details: { name } });
  }
  // Before anything is locked.
  const module = await listed.load();
  const transactional = module.config?.transaction ?? project.settings.transactions;
  const run = (knex: Knex, own: Own = { isBusy: () => false, besides: 0 }): Promise<void> =>
    call(project, { listed, module, direction, knex, own, limited }, attempt);
  if (transactional && !attempt.alone) {
    const prepared: Attempt = { ...attempt, prepare: (connection) => prepare(project, connection) };
    await driver.transaction(target, prepared, (connection) => usingTransaction(project, connection, target, run));
    return;
  }
  await usingKnex(project, target, attempt, (knex) => (transactional ? inOwnTransaction(knex, run) : run(knex)));
}

/** For a migration that ends its transaction itself. */
async function inOwnTransaction(knex: Knex, run: (knex: Knex) => Promise<void>): Promise<void> {
  const trx = await knex.transaction();
  try {
    await run(trx);
    if (!trx.isCompleted()) await trx.commit();
  } catch (error) {
    if (!trx.isCompleted()) await trx.rollback().catch(() => {});
    throw error;
  }
}

interface Call {
  readonly listed: Listed;
  readonly module: MigrationModule;
  readonly direction: Direction;
  readonly knex: Knex;
  readonly own: Own;
  readonly limited: boolean;
}

async function call(
  { settings, config }: KnexProject,
  { listed: { name, spec }, module, direction, knex, own, limited }: Call,
  attempt: Pick<Attempt, 'note'>,
): Promise<void> {
  const change = module[direction];
  if (typeof change !== 'function') {
    throw new ForerunError('BAD_MIGRATION', `${name} exports no function ${direction}.`, {
      details: {},
      next: settings.source === undefined ? 'Export up and down.' : 'Have the migration source give up and down.',
    });
  }
  const { beforeEach, afterEach } = config.migrations ?? {};
  const work = async (): Promise<void> => {
    await beforeEach?.(knex, [spec]);
    const answer = change(knex);
    if (!isPromise(answer)) attempt.note(`${name} returned no promise: what it did not wait for did not count.`);
    await answer;
    await afterEach?.(knex, [spec]);
  };
  await (limited ? unlessStuck(name, own, work) : work());
}

function isPromise(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'then' in answer;
}

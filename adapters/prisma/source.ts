import { ForerunError } from '../../src/error.ts';
import { ownWork } from '../../src/promotion/claim.ts';
import type { SourceSetup } from '../../src/seams/adapter.ts';
import type { Apply, Recorded, Source } from '../../src/seams/source.ts';
import { isBlank } from '../sql/blank.ts';
import { schemaOf } from './address.ts';
import { recorded, writeRow, type Recordable, type Recording } from './apply.ts';
import { matchesPrisma, prismaChecksum } from './checksum.ts';
import { listMigrations, type Listed } from './list.ts';
import type { Project } from './project.ts';
import { engineOf, refuseOtherLock, type Engine } from './provider.ts';
import { reconcile } from './reconcile.ts';
import { prismaRecord, recordTable, type PrismaRow } from './record.ts';
import { notBaselined, refuseNoFolder, unfinished } from './refusals.ts';

export function prismaSource(project: Project, setup: SourceSetup): Source {
  const { driver, main } = setup;
  const engine = engineFor(project, setup);
  const record = prismaRecord(engine, engine === 'postgres' ? schemaOf(main) : 'main');
  const recording: Recording = {
    driver,
    main,
    record,
    locks: engine === 'postgres',
    written: new Set(),
    seen: new Set(),
  };
  const list = (): readonly Listed[] => {
    refuseNoFolder(project);
    refuseOtherLock(project);
    return listMigrations(project.migrations, driver);
  };
  return {
    name: 'prisma',
    tables: [recordTable],
    migrations: async () => list().map((listed) => withRecord(recording, listed)),
    recorded: () => recordedOn(recording, list()),
    reconcile: (_main, applied) => reconcile(recording, list().map(recordable), applied),
    async promoted(migration, direction) {
      if (recording.written.delete(`${direction} ${migration.name}`)) return;
      const { name, text } = migration;
      const listed = list().find((one) => one.migration.name === name);
      const checksum = prismaChecksum(listed?.bytes ?? text);
      await driver.transaction(main, ownWork(), (session) =>
        writeRow(recording, main, session, { name, checksum }, direction, new Date()),
      );
    },
  };
}

function engineFor(project: Project, { driver }: SourceSetup): Engine {
  const engine = engineOf(project);
  if (engine === driver.name) return engine;
  throw new ForerunError(
    'CONFIG',
    `${project.schema.file} has the provider ${project.schema.datasource.provider ?? ''}, and the database's address is one of ${driver.name}.`,
    { details: { keys: ['database'] }, next: 'Give the address of such a database, or correct the provider.' },
  );
}

function recordable({ migration, bytes }: Listed): Recordable {
  return { name: migration.name, checksum: prismaChecksum(bytes) };
}

function withRecord(recording: Recording, listed: Listed): Listed['migration'] {
  const { migration } = listed;
  const { up, down } = migration;
  const about = recordable(listed);
  return {
    ...migration,
    up: recorded(recording, about, 'up', isBlank(migration.text) ? saying(up) : up),
    ...(down === undefined ? {} : { down: recorded(recording, about, 'down', down) }),
  };
}

/** As Prisma takes it: applied, with nothing done. */
function saying(up: Apply): Apply {
  return async (target, attempt) => {
    attempt.note('Its migration.sql has no statement: it counts as applied, and changes nothing. Is that meant?');
    await up(target, attempt);
  };
}

/** What Prisma's table says was applied, with the checksum of the file where Prisma takes it for what was applied. */
async function recordedOn({ driver, main, record }: Recording, all: readonly Listed[]): Promise<readonly Recorded[]> {
  await using connection = await driver.open(main);
  const history = async (): Promise<readonly string[]> =>
    (await driver.history(connection).rows()).map((row) => row.name);
  if (!(await record.exists(connection))) {
    const unknown = all.length > 0 && (await record.hasOthers(connection)) && (await history()).length === 0;
    if (!unknown) return [];
    throw notBaselined(
      main,
      all.map(({ migration }) => migration.name),
      record.sql,
    );
  }
  const rows = await record.rows(connection);
  const failed = rows.filter((row) => row.state === 'failed');
  if (failed.length > 0) {
    // Of what a person said is applied the next run writes it into Prisma's table as well.
    const known = await history();
    const open = failed.filter((row) => !known.includes(row.name));
    if (open.length > 0) throw unfinished(open, record.sql);
  }
  return rows.filter((row) => row.state === 'applied').map((row) => asRecorded(row, all));
}

function asRecorded({ name, checksum, startedAt, finishedAt }: PrismaRow, all: readonly Listed[]): Recorded {
  const listed = all.find(({ migration }) => migration.name === name);
  const same = listed !== undefined && matchesPrisma(listed.bytes, checksum);
  return {
    name,
    checksum: same ? listed.migration.checksum : `sha256:${checksum}`,
    appliedOn: finishedAt ?? startedAt,
  };
}

import { sqliteTexts } from '../../src/drivers/sqlite/texts.ts';
import { ForerunError } from '../../src/error.ts';
import { isMarkedGone } from '../../src/gone.ts';
import type { SourceSetup } from '../../src/seams/adapter.ts';
import type { Session } from '../../src/seams/driver.ts';
import type { History } from '../../src/seams/records.ts';
import type { Migration, Source } from '../../src/seams/source.ts';
import type { Target } from '../../src/seams/target.ts';
import { problemsError, type Problem } from '../sql/problem.ts';
import type { Surrounded } from './apply.ts';
import { collect } from './collect.ts';
import { migrationsFolder, refuseNoDepot, type Depot } from './depot.ts';
import { trailbaseHistory, type Surroundings } from './history.ts';
import { notMade } from './history-refusals.ts';
import { readMigration } from './read.ts';
import { contentProblems, versionProblems } from './refusals.ts';
import { listed, standInsIn } from './stand-ins.ts';
import { readTable, type TableRow } from './table.ts';
import { unknownSystemRows } from './users-rows.ts';

type Setup = Pick<SourceSetup, 'main' | 'driver'>;

/** The migrations of one database of a depot. */
export function trailbaseSource(depot: Depot, { main, driver }: Setup): Source {
  const surroundings: Surroundings = { database: depot.database, files: () => collect(depot).found };
  const history = (session: Session): History => trailbaseHistory(session, surroundings);
  const surrounded: Surrounded = { history, called: new Map() };
  const onMain = async <T>(target: Target, ask: (session: Session) => Promise<T>): Promise<T> => {
    await using connection = await driver.open(target);
    return await ask(connection);
  };
  return {
    name: 'trailbase',
    history,
    async migrations() {
      refuseNoDepot(depot);
      return list(depot, await onMain(main, appliedIn(depot)), driver, surrounded);
    },
    notes: (target) => onMain(target, (session) => notesOn(session, surroundings)),
    async promoting(migration, _direction, swapped) {
      refuseStandIns(migration, surrounded.called.get(migration.name) ?? new Set(), swapped);
    },
  };
}

function list(
  depot: Depot,
  applied: readonly TableRow[],
  driver: Setup['driver'],
  surrounded: Surrounded,
): readonly Migration[] {
  const { found, problems } = collect(depot);
  const all: Problem[] = [...problems, ...versionProblems(found, applied, depot.database)];
  const migrations: Migration[] = [];
  for (const one of found) {
    const migration = readMigration(one, driver, surrounded, (problem) => all.push(problem));
    if (migration === undefined) continue;
    if (!applied.some(({ version }) => version === one.version)) all.push(...contentProblems(migration));
    migrations.push(migration);
  }
  const [first, ...others] = all.toSorted((a, b) => (a.file < b.file ? -1 : 1));
  if (first !== undefined) throw problemsError(migrationsFolder(depot), [first, ...others]);
  return migrations;
}

/** TrailBase must have been there first: what it finds behind its first migration makes it refuse to start. */
function appliedIn({ database }: Depot): (session: Session) => Promise<readonly TableRow[]> {
  return async (session) => {
    const rows = await readTable(session);
    if (rows === undefined) throw notMade();
    if (database !== 'main' || rows.some(({ version, name }) => version === 1 && name === 'initial')) return rows;
    throw new ForerunError(
      'FOREIGN_HISTORY',
      "TrailBase's first migration, V1__initial, is not applied: with anything else applied before it, TrailBase does not start.",
      { details: {}, next: 'Start TrailBase once, so that it makes its own tables first: trail run' },
    );
  };
}

async function notesOn(session: Session, surroundings: Surroundings): Promise<readonly string[]> {
  const known = { ...surroundings, files: surroundings.files(), texts: sqliteTexts(session) };
  const unknown = await unknownSystemRows((await readTable(session)) ?? [], known);
  const gone = (await trailbaseHistory(session, surroundings).rows()).filter(isMarkedGone);
  return [
    ...unknown.map(
      ({ version, name }) =>
        `${version}__${name} is taken for a migration of TrailBase's own: a newer TrailBase than this Forerun knows wrote this database.`,
    ),
    ...gone.map(
      ({ name }) =>
        `The file of ${name} was accepted to be gone. Unless it is TrailBase's own, TrailBase does not start without it.`,
    ),
  ];
}

function refuseStandIns({ name, text }: Migration, calls: ReadonlySet<string>, swapped: boolean): void {
  const used = swapped ? new Set([...standInsIn(text), ...calls]) : calls;
  if (used.size === 0) return;
  throw new ForerunError(
    'BAD_MIGRATION',
    `${name} needs ${listed(used)}, which only TrailBase itself can answer: on the branch stand-ins did, and what they wrote must not become main.`,
    {
      details: {},
      next:
        calls.size === 0
          ? 'It calls none of them by itself: have it replayed on main, by forerun up --safe without --all-or-nothing.'
          : 'Let TrailBase apply it: trail run. It was rehearsed and judged with: forerun gate',
    },
  );
}

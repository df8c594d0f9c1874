import type { SourceSetup } from '../../src/seams/adapter.ts';
import type { Session } from '../../src/seams/driver.ts';
import type { Direction, Migration, Source } from '../../src/seams/source.ts';
import type { Target } from '../../src/seams/target.ts';
import { endIdleChildren } from '../children/children.ts';
import { applyMigration, type Place } from './apply.ts';
import { describeAll, listMigrations } from './list.ts';
import type { KnexProject } from './project.ts';
import { recordAll, recordedNames, refuseLocked } from './record.ts';
import { newMemory } from './recording.ts';
import { tableNames } from './tables.ts';
import { writeTo } from './write-to.ts';

/** Lists the migrations of a Knex project, and keeps Knex's own record true. */
export function knexSource(project: KnexProject, setup: SourceSetup, child: Place['child']): Source {
  const place: Place = { project, setup, memory: newMemory(), child };
  const asking = async <T>(main: Target, ask: (session: Session) => Promise<T>, session?: Session): Promise<T> => {
    if (session !== undefined) return ask(session);
    await using connection = await setup.driver.open(main);
    return await ask(connection);
  };
  return {
    name: 'knex',
    tables: tableNames(project),
    async migrations() {
      const described = await describeAll(await listMigrations(project));
      return described.map(({ hasDown, ...description }): Migration => {
        const apply =
          (direction: Direction): Migration['up'] =>
          (target, attempt) =>
            applyMigration(place, { ...description, hasDown }, direction, target, attempt);
        return { ...description, language: 'code', up: apply('up'), ...(hasDown ? { down: apply('down') } : {}) };
      });
    },
    async recorded(main, session) {
      const names = (await asking(main, (on) => recordedNames(project, on), session)) ?? [];
      return project.settings.complete ? names.map((name) => ({ name })) : names;
    },
    ready: (main) => asking(main, (session) => refuseLocked(project, session)),
    async reverted(main, applied, session) {
      const recorded = await asking(main, (on) => recordedNames(project, on), session);
      return recorded === undefined ? [] : applied.filter((name) => !recorded.includes(name));
    },
    async reconcile(main, applied) {
      const recorded = (await asking(main, (session) => recordedNames(project, session))) ?? [];
      // Where somebody dropped it, all: made anew with the next migration alone, it would say that the others were taken back.
      const absent = applied.filter((name) => !recorded.includes(name));
      if (absent.length > 0) await writeTo(setup.driver, main, (session) => recordAll(project, session, absent));
    },
    async promoting() {
      endIdleChildren();
    },
  };
}

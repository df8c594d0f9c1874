import type { Target } from '../../seams/target.ts';
import { databaseOf, targetAtPort } from '../postgres/address.ts';
import { makeKeeper } from '../postgres/keeper.ts';
import { whoLives } from '../postgres/list.ts';
import { sizeOf } from '../postgres/make.ts';
import { countsOf, haveMoved, type Counts } from '../postgres/moved.ts';
import { refusePooled } from '../postgres/pooled.ts';
import { openSession } from '../postgres/session.ts';
import { arrive } from './arrive.ts';
import type { Inside, Succession } from './inside.ts';
import { awake, whilePaused } from './pause.ts';
import { commitTarget, readRecords, removeRecord, writeRecord } from './records.ts';
import { openRecords, recordsOf, type ServerOptions, type Serving } from './serving.ts';
import { successionOn } from './swap.ts';

/** PostgreSQL in a VM, whose records are in its maintenance database. */
export function serverInside(options: ServerOptions): Inside & { readonly succession: Succession } {
  const { vers, tunnels, maintenance } = options;
  const serving: Serving = { ...options, keeper: makeKeeper(), ours: [] };
  const { keeper, ours } = serving;
  return {
    nameOf: databaseOf,
    async records(main) {
      await using session = await openRecords(serving, main);
      return await readRecords(session);
    },
    async save(main, record) {
      await using session = await openRecords(serving, main);
      ours.push(...(await writeRecord(session, record)));
    },
    async forget(main, id) {
      await using session = await openRecords(serving, main);
      ours.push(...(await removeRecord(session, id)));
    },
    hold: (main, id) => keeper.hold(recordsOf(main, maintenance), id),
    release: (id) => keeper.release(id),
    async living(main) {
      await using session = await openRecords(serving, main);
      return await whoLives(session);
    },
    async bytesOf(target) {
      await using session = await openSession(target);
      refusePooled(session);
      return await sizeOf(session, databaseOf(target));
    },
    targetOf: (record, main) =>
      record.kind === 'checkpoint' ? commitTarget(record) : targetAtPort(main, record.port ?? 0),
    async reach(record) {
      return { ...record, port: await tunnels.open(record.made, record.port) };
    },
    leave: (of) => tunnels.close(of),
    arrive: (target, record) => arrive(serving, target, record),
    async versionOf(main) {
      const counts = await countsNow(main);
      return {
        async moved() {
          // Main may be fenced by then, and answer nobody itself.
          await using session = await openRecords(serving, main);
          return haveMoved(counts, await countsOf(session, databaseOf(main)), ours);
        },
        close: async () => {},
      };
    },
    whilePaused: (of, target, act) => whilePaused(vers, of, target, act),
    awake: (vm, main) => awake(vers, vm, main),
    succession: successionOn(serving),
  };
}

async function countsNow(main: Target): Promise<Counts> {
  await using session = await openSession(main);
  return await countsOf(session, databaseOf(main));
}

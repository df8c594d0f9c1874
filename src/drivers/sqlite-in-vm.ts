import { isAlive } from '../process.ts';
import type { Contents, Driver, LockHolder, Schema, TableColumns } from '../seams/driver.ts';
import type { Evidence, Violation } from '../seams/evidence.ts';
import type { Target } from '../seams/target.ts';
import { commandAt, placeOf, targetIn } from './sqlite-in-vm/address.ts';
import type { Agents } from './sqlite-in-vm/agents.ts';
import { attemptIn, heardIn } from './sqlite-in-vm/attempt.ts';
import { bring } from './sqlite-in-vm/bring.ts';
import { asked, close, connectionOf, notOpened, openIn, type Opened } from './sqlite-in-vm/connection.ts';
import { wordsSaid } from './sqlite-in-vm/errors.ts';
import type { Link } from './sqlite-in-vm/link.ts';
import { observerIn, watchIn } from './sqlite-in-vm/opened.ts';
import { historyIn, journalIn } from './sqlite-in-vm/records.ts';
import { once } from './once.ts';
import { homeIn, makeHome } from './project-home.ts';
import { codeOf, isNoStatement } from './sqlite/busy.ts';
import { commentedStatements } from './sqlite/commented.ts';
import { sqliteCounts } from './sqlite/counts.ts';
import { saysExists } from './sqlite/failure-kind.ts';
import { ownTables } from './sqlite/names.ts';
import { safeMessage } from './sqlite/safe-words.ts';
import { sqliteSchema, sqliteTables } from './sqlite/schema.ts';

export interface InVmOptions {
  readonly agents: Agents;
  /** The VM of addresses that name none. */
  readonly vm: string;
  /** What run documents are kept beside. */
  readonly root: string;
}

/**
 * The driver for SQLite files in VMs that only take commands: each thing that is asked of it is done in the VM by the
 * driver for SQLite itself.
 */
export function sqliteInVm(options: InVmOptions): Driver {
  return driverOf(options, ownTables);
}

function driverOf(options: InVmOptions, leftOut: readonly string[], run?: string): Driver {
  const { agents, vm, root } = options;
  const { tokens } = agents;
  /** The agent of a target's VM, and the path there. */
  const at = async (target: Target): Promise<{ readonly link: Link; readonly path: string }> => {
    const place = placeOf(target);
    return { link: await agents.in(place.vm, run), path: place.path };
  };
  const ask = async <T>(target: Target, method: string, ...args: readonly unknown[]): Promise<T> => {
    const { link, path } = await at(target);
    return (await link.peer.call(method, path, ...args)) as T;
  };
  const identity = async (target: Target): Promise<string> =>
    `vers:${placeOf(target).vm}:${(await ask<string>(target, 'identity')).replace(/^sqlite:/, '')}`;
  const opening = async (target: Target, method: string, ...args: readonly unknown[]): Promise<Opened> => {
    const { link, path } = await at(target);
    return openIn(link, () => link.peer.call(method, path, ...args));
  };
  return {
    name: 'sqlite',
    transactionalDdl: true,
    onlySql: {
      why: 'it is a file in a VM, to which Forerun brings SQL alone',
      next: 'Write it as SQL; or run Forerun inside the VM, on the file itself.',
      command: commandAt,
    },
    target: (address) => targetIn(address, vm),
    identity: run === undefined ? identity : once(identity),
    home: () => homeIn(root),
    async examine(target, use = 'writing', waiting) {
      const token = tokens.put({ waiting });
      await ask(target, 'examine', use, token).finally(() => tokens.drop(token));
    },
    async open(target, waiting) {
      const token = tokens.put({ waiting });
      return connectionOf(await opening(target, 'open', token), () => tokens.drop(token));
    },
    async transaction(target, attempt, body) {
      const { link, path } = await at(target);
      await attemptIn(link, tokens, attempt, (sent) => link.peer.call('transaction', path, sent), body);
    },
    script: (sql, file) => async (target, attempt) => {
      const { link, path } = await at(target);
      await attemptIn(link, tokens, attempt, (sent) => link.peer.call('script', path, sql, file, sent));
    },
    statements: commentedStatements,
    isNoStatement,
    codeOf,
    wordsOf: (error) => wordsSaid(error) ?? safeMessage(error),
    saysExists,
    schema: (session) => asked<Schema>(session, 'schema', [leftOut], () => sqliteSchema(session, leftOut)),
    tables: (session) =>
      asked<readonly TableColumns[]>(session, 'tables', [leftOut], () => sqliteTables(session, leftOut)),
    leavingOut: (tables) => driverOf(options, [...leftOut, ...tables], run),
    contents: (connection, of) => asked<Contents>(connection, 'contents', [of], () => notOpened()),
    counts: (session, tables) =>
      asked<ReadonlyMap<string, number>>(session, 'counts', [tables], () => sqliteCounts(session, tables)),
    history: historyIn,
    journal: journalIn,
    async lock(main, { holder, waitMs, signal, waiting }) {
      await makeHome(homeIn(root));
      const { link, path } = await at(main);
      // Whoever finds that this process died ends what works for it there.
      link.workFor(holder.run);
      const locked = (by: LockHolder | undefined): void => {
        if (by === undefined || waitMs === 0 || isAlive(by)) return waiting(by);
        link.peer.tell('endRun', path, by.run);
      };
      const opened = await openIn(link, () =>
        heardIn(link, tokens, signal, { locked }, (token) => link.peer.call('lock', path, holder, waitMs, token)),
      );
      return { [Symbol.asyncDispose]: () => close(opened) };
    },
    async observe(branch) {
      const { link, path } = await at(branch);
      return observerIn(await openIn(link, () => link.peer.call('observe', leftOut, path)));
    },
    async compare(before, after) {
      const [one, other] = [placeOf(before), placeOf(after)];
      const link = await agents.in(other.vm, run);
      const compare = async (path: string): Promise<Evidence> =>
        (await link.peer.call('compare', leftOut, path, other.path)) as Evidence;
      if (one.vm === other.vm) return compare(one.path);
      await using brought = await bring(agents, one, other.vm);
      return await compare(brought.path);
    },
    damage: (target, tables) => ask<readonly Violation[]>(target, 'damage', tables),
    watch: async (main) => watchIn(await opening(main, 'watch')),
    rest: (target) => (target === undefined ? agents.endAll() : Promise.resolve()),
    forRun: (id) => driverOf(options, leftOut, id),
    endSessions: (main, dead) => ask(main, 'endRun', dead),
  };
}

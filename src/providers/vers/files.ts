import { ForerunError, isForerunError } from '../../error.ts';
import { placeOf, targetAt } from '../../drivers/sqlite-in-vm/address.ts';
import { makeAgents, type Agents } from '../../drivers/sqlite-in-vm/agents.ts';
import { leave, openIn } from '../../drivers/sqlite-in-vm/connection.ts';
import type { RunIn } from '../../drivers/sqlite-in-vm/exec.ts';
import type { StartOptions } from '../../drivers/sqlite-in-vm/start.ts';
import type { About } from '../../drivers/sqlite-in-vm/siblings.ts';
import type { Target } from '../../seams/target.ts';
import type { Vers } from './client.ts';
import { runIn } from './exec.ts';
import type { Inside, Stood } from './inside.ts';
import { resumeIfPaused } from './pause.ts';
import { notEnded, quieten, type Quiet } from './quiet.ts';
import { commitTarget, recordIn } from './records.ts';

export interface FilesOptions extends Quiet {
  readonly agents: Agents;
  readonly vm: string;
}

/** A SQLite file in a VM, with the records beside it: all that is asked there is asked of an agent. */
export function filesInside(options: FilesOptions): Inside {
  const { vers, vm, agents } = options;
  const held = new Set<string>();
  const ask = <T>(target: Target, method: string, ...args: readonly unknown[]): Promise<T> => {
    const place = placeOf(target);
    return agents.ask<T>(place.vm, method, place.path, ...args);
  };
  return {
    nameOf: (main) => placeOf(main).path,
    async records(main) {
      return (await ask<readonly string[]>(main, 'records')).flatMap((text) => recordIn(JSON.parse(text)));
    },
    save: (main, record) => ask(main, 'saveRecord', record.id, JSON.stringify(record)),
    forget: (main, id) => ask(main, 'forgetRecord', id),
    async hold(_main, id) {
      const link = await agents.in(vm);
      link.keep();
      held.add(id);
      // It goes along with what is asked next.
      link.peer.tell('hold', id);
    },
    async release(id) {
      if (!held.delete(id)) return;
      const link = await agents.in(vm);
      link.letGo();
      link.peer.tell('release', id);
    },
    async living() {
      const all = await agents.ask<readonly About[]>(vm, 'living');
      return {
        holds: (id) => all.some(({ holds }) => holds.includes(id)),
        runs: (run) => all.some(({ runs }) => runs.includes(run)),
      };
    },
    bytesOf: (target) => ask<number>(target, 'size'),
    targetOf: (record, main) =>
      record.kind === 'checkpoint'
        ? commitTarget(record)
        : targetAt({ vm: record.made ?? 'unfinished', path: placeOf(main).path }),
    reach: async (record) => record,
    leave: async (of) => agents.forget(of),
    async arrive(target, { id, proof, made }) {
      const becoming = ask<boolean>(target, 'become', proof, id);
      return quieten(options, { id, vm: made, what: 'process' }, async () => {
        const [became, { found, left }] = await Promise.all([
          becoming,
          ask<{ found: readonly string[]; left: number }>(target, 'endOthers'),
        ]);
        if (!became) throw elsewhere(vm, target);
        if (left > 0) throw notEnded(left, 'process');
        return found;
      });
    },
    async versionOf(main) {
      const { path } = placeOf(main);
      const link = await agents.in(vm);
      const opened = await openIn(link, () => link.peer.call('version', path));
      return {
        moved: async () => (await link.peer.call('hasMoved', opened.id)) as boolean,
        close: async () => leave(opened),
      };
    },
    whilePaused: (of, _target, act) => timed(act, () => resumeIfPaused(vers, of)),
    awake: (of) => resumeIfPaused(vers, of),
  };
}

/** Agents in VMs of Vers. A VM that is gone while it is worked on is no mistake in how Forerun is used. */
export function agentsIn(vers: Vers, options: Omit<StartOptions, 'run'>): Agents {
  const run: RunIn = (vm, ...what) =>
    runIn(vers, vm, ...what).catch((error: unknown) => {
      if (!isForerunError(error, 'NOT_FOUND')) throw error;
      const { message, next } = error;
      throw new ForerunError('UNREACHABLE', message, {
        details: { target: `vers:${vm}` },
        ...(next === undefined ? {} : { next }),
        cause: error,
      });
    });
  return makeAgents({ run, ...options });
}

/** Nobody can look from here how long it really stood: it stood no longer than the command took. */
async function timed<T>(act: () => Promise<T>, resume: () => Promise<boolean>): Promise<Stood<T>> {
  const start = performance.now();
  let result: T;
  try {
    result = await act();
  } catch (error) {
    await resume();
    throw error;
  }
  const resumed = await resume();
  return { result, still: `for at most ${Math.round(performance.now() - start)} ms`, resumed };
}

function elsewhere(vm: string, target: Target): ForerunError<'PROVIDER_FAILED'> {
  const { path } = placeOf(target);
  return new ForerunError(
    'PROVIDER_FAILED',
    `${path} was not copied along from VM ${vm}: it is not on the VM's own disk.`,
    {
      details: {},
      next: 'Keep the database on a disk that belongs to the VM, and name it there.',
    },
  );
}

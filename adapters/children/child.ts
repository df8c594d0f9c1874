import { startWatchdog } from '../../src/cli/watchdog.ts';
import type { GuardModule, Guarding, Session } from '../../src/seams/driver.ts';
import type { Attempt } from '../../src/seams/source.ts';
import { guardEnv } from './guard-env.ts';
import type { ChildMethods, FinderModule, Found, Order, ParentMethods } from './protocol.ts';
import { peer } from './wire.ts';

// The process in which migrations are rehearsed. Nothing that opens a database may be imported before main is guarded.
const order = JSON.parse(process.argv[2] ?? '') as Order;
process.argv = [process.execPath, ...order.args];
startWatchdog();
const guarding = order.guard === undefined ? undefined : await guardMain(order.guard);

const found = find(order);
found.catch(() => {});
let noted = false;
let session: Session | undefined;

const parent = peer<ChildMethods, ParentMethods>(
  {
    send: (message) => void process.send?.(message),
    onMessage: (listener) => void process.on('message', listener),
  },
  {
    async apply(target, name, direction, alone) {
      const { apply, note } = await found;
      if (note !== undefined && !noted) await parent.call('note', note);
      noted = true;
      await apply(target, attempt(alone), name, direction);
      return { open: (await guarding?.staysOpen?.()) ?? false };
    },
    async query(sql, params) {
      if (session === undefined) throw new TypeError('asked outside a transaction');
      return session.query(sql, params);
    },
  },
);

async function find({ finder, what }: Order): Promise<Found> {
  const { findApply } = (await import(finder)) as FinderModule;
  return findApply(what);
}

/** The steps of the attempt that the other process makes. */
function attempt(alone: boolean): Attempt {
  return {
    alone,
    signal: new AbortController().signal,
    afterBegin: (from) => ask('afterBegin', from),
    beforeCommit: (from) => ask('beforeCommit', from),
    statement: (evidence) => void parent.call('statement', evidence),
    note: (message) => void parent.call('note', message),
  };
}

async function ask(step: 'afterBegin' | 'beforeCommit', from: Session): Promise<void> {
  session = from;
  try {
    await parent.call(step);
  } finally {
    session = undefined;
  }
}

async function guardMain({ module, what }: NonNullable<Order['guard']>): Promise<Guarding> {
  const { guard } = (await import(module)) as GuardModule;
  const explanation = `Opening main was refused, because migrations are rehearsed on a branch here. Use the context that a migration is given, or the address in ${order.databaseVariable}.`;
  // For programs that a migration starts.
  Object.assign(process.env, guardEnv({ module, what }, explanation, process.env['NODE_OPTIONS']));
  return guard(what, explanation);
}

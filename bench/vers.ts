import { Client } from 'pg';
import { vers } from '../src/providers/vers.ts';
import type { Branch, Checkpoint, Provider } from '../src/seams/provider.ts';
import type { Target } from '../src/seams/target.ts';
import { startVers, versProgram, type Grammar, type VersAccount } from '../test/support/vers.ts';
import type { Measured, Result } from './support/result.ts';
import { alternate, bothInWords, inWords } from './support/times.ts';

/** Against a stand-in for Vers of the tests, never against Vers: what is measured is what Forerun does around it. */
export async function versCalls(): Promise<Measured> {
  return {
    results: [await calls('newest', 'by name'), await calls('v0.10.0', 'by tag'), await parallel('newest')],
  };
}

const mostCalls = 3;

/**
 * How often the command line is called for a checkpoint and a branch of it. Where commits have no names it is one call more:
 * a tag is all that tells them apart for whoever has lost main's own server, with the records in it.
 */
async function calls(grammar: Grammar, named: string): Promise<Result> {
  await using world = await begin(grammar);
  const { account, provider, main } = world;
  await using _ = await provider.checkpoint(main, { label: 'the first asks which command line it is' });
  const before = (await account.calls()).length;
  await using checkpoint = await provider.checkpoint(main, { label: 'counted' });
  await provider.branch(checkpoint, { label: 'counted' });
  const asked = (await account.calls()).slice(before).filter((line) => line.startsWith('vers '));
  const verbs = asked.map((line) => /^vers ((?:commit |tag )?[\w-]+)/.exec(line)?.[1]).join(', ');
  return {
    measured: `calls of vers for a checkpoint and its branch, commits known ${named} (stand-in, ${grammar})`,
    peer: '–',
    forerun: `${asked.length}: ${verbs}`,
    comparison: `${asked.length}`,
    target: `≤ ${mostCalls}`,
    met: asked.length <= mostCalls,
  };
}

const many = 10;
const mostOfOne = 2;
/** As long as a service far away may take for a VM. The stand-in copies and starts servers on this machine alone. */
const serviceMs = 20_000;

/** Whether branches wait for one another. */
async function parallel(grammar: Grammar): Promise<Result> {
  await using world = await begin(grammar);
  const { account, provider, main } = world;
  await using checkpoint = await provider.checkpoint(main, { label: 'base' });
  const branching = async (count: number): Promise<number> => {
    await account.fault({ on: 'from_commit', delayMs: serviceMs, times: count });
    const start = performance.now();
    const labels = Array.from({ length: count }, (_, at) => `branch-${at}`);
    const branches = await Promise.all(labels.map((label) => answering(provider, checkpoint, label)));
    const ms = performance.now() - start;
    for (const branch of branches) await provider.discard(branch);
    return ms;
  };
  const times = await alternate(2, { one: () => branching(1), ten: () => branching(many) });
  const ratio = times.ten.min / times.one.min;
  return {
    measured: `${many} branches of a commit at the same time, until each answers (stand-in whose service takes ${serviceMs / 1000} s for a VM, ${grammar})`,
    peer: `one ${bothInWords(times.one)}`,
    forerun: bothInWords(times.ten),
    comparison: `${ratio.toFixed(2)} times; all but the service's time: ${inWords(times.one.min - serviceMs)} and ${inWords(times.ten.min - serviceMs)}`,
    target: `≤ ${mostOfOne} times`,
    met: ratio <= mostOfOne,
  };
}

async function answering(provider: Provider, checkpoint: Checkpoint, label: string): Promise<Branch> {
  const branch = await provider.branch(checkpoint, { label });
  const client = new Client({ connectionString: branch.target.variable });
  await client.connect();
  await client.query('SELECT 1');
  await client.end();
  return branch;
}

interface World extends AsyncDisposable {
  readonly account: VersAccount;
  readonly provider: Provider;
  readonly main: Target;
}

async function begin(grammar: Grammar): Promise<World> {
  const account = await startVers(grammar);
  Object.assign(process.env, account.env);
  const url = await account.createDatabase('main');
  return {
    account,
    provider: vers({ vm: account.vm, cli: versProgram }),
    main: { url, variable: url },
    [Symbol.asyncDispose]: () => account[Symbol.asyncDispose](),
  };
}

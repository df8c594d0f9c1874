import { postgresTarget } from '../drivers/postgres/target.ts';
import { isForerunError, messageOf } from '../error.ts';
import type { Copy, Provider } from '../seams/provider.ts';
import type { Target } from '../seams/target.ts';
import { clone, type CloneOptions } from './clone.ts';
import { dump, type DumpOptions } from './dump.ts';
import { choose, type Candidate, type Choice } from './postgres/choice.ts';
import { databaseOf } from './postgres/address.ts';
import { whyNoDatabase } from './postgres/dumpable.ts';
import { maintenanceOf } from './postgres/maintenance.ts';
import { stayingIn } from './postgres/others.ts';
import { idIn } from './postgres/records.ts';
import { openSession } from './postgres/session.ts';
import { template, type TemplateOptions } from './template.ts';

export type AutoOptions = TemplateOptions & DumpOptions & CloneOptions;

/**
 * Copies of PostgreSQL databases by the way that fits main at the time: `template` where nobody is connected, else `clone`
 * for a large cluster and `dump` for any other. What rights, programs and connections allow is found out when main is
 * first copied, and said.
 */
export function auto(options: AutoOptions = {}): Provider {
  const ways: Readonly<Record<Choice['way'], Provider>> = {
    template: template(options),
    dump: dump(options),
    clone: clone(options),
  };
  const chosen = new Map<string, Promise<Choice>>();
  const choiceFor = (main: Target): Promise<Choice> => {
    const known = chosen.get(main.url) ?? candidatesFor(main, ways, options).then(choose);
    chosen.set(main.url, known);
    return known;
  };
  /** Copies that are databases are all of one kind, whichever way they were filled. */
  const databases = options.branchServer === undefined ? ways.template : ways.dump;
  const takenBy = new Map<string, Provider>();
  const isDatabase = (copy: Copy): boolean => idIn(databaseOf(copy.target)) === copy.id;
  const ownerOf = (copy: Copy): Provider => takenBy.get(copy.id) ?? (isDatabase(copy) ? databases : ways.clone);
  let reach: Provider['reach'] = 'anywhere';
  return {
    name: 'auto',
    get reach() {
      return reach;
    },
    alone: 'everything',
    async checkpoint(main, making) {
      const { way } = await choiceFor(main);
      const checkpoint = await ways[way].checkpoint(main, making).catch(async (error: unknown) => {
        if (way !== 'template' || !isForerunError(error, 'PROVIDER_FAILED')) throw error;
        // Somebody may have connected since it was chosen.
        chosen.delete(main.url);
        const other = await choiceFor(main);
        if (other.way === way) throw error;
        making.waiting?.(other.words);
        return ways[other.way].checkpoint(main, making);
      });
      const provider = ways[(await choiceFor(main)).way];
      reach = provider.reach;
      takenBy.set(checkpoint.id, provider);
      return checkpoint;
    },
    branch: (from, making) => ownerOf(from).branch(from, making),
    snapshot: (branch, making) => ownerOf(branch).snapshot(branch, making),
    moved: (since) => ownerOf(since).moved(since),
    async restore(checkpoint, main) {
      // Each of its ways can.
      await ownerOf(checkpoint).restore?.(checkpoint, main);
    },
    discard: (what) => ownerOf(what).discard(what),
    async list(main) {
      const lists = await Promise.all([databases.list(main), ways.clone.list(main)]);
      // Each lists what a restore that was cut short left behind.
      return [...new Map(lists.flat().map((copy) => [copy.id, copy])).values()];
    },
    async explain(main) {
      return (await choiceFor(main)).words;
    },
    async estimate(main) {
      return ways[(await choiceFor(main)).way].estimate(main);
    },
  };
}

async function candidatesFor(
  main: Target,
  ways: Readonly<Record<Choice['way'], Provider>>,
  options: AutoOptions,
): Promise<readonly Candidate[]> {
  const candidates: Candidate[] = [];
  for (const way of ['template', 'dump', 'clone'] as const) {
    try {
      const { bytes } = await ways[way].estimate(main);
      const problem = way === 'clone' ? undefined : await problemOf(way, main, options);
      candidates.push({ way, bytes, ...(problem === undefined ? {} : { problem }) });
    } catch (error) {
      // Main that cannot be reached is no matter of one way; another server for copies is.
      const elsewhere = way === 'dump' && options.branchServer !== undefined;
      if (isForerunError(error, 'BAD_TARGET') || (isForerunError(error, 'UNREACHABLE') && !elsewhere)) throw error;
      candidates.push({ way, problem: messageOf(error) });
    }
  }
  return candidates;
}

/** What its estimate does not look at. */
async function problemOf(way: 'template' | 'dump', main: Target, options: AutoOptions): Promise<string | undefined> {
  const elsewhere = way === 'dump' ? options.branchServer : undefined;
  const server = elsewhere === undefined ? main : postgresTarget(elsewhere);
  await using session = await openSession(maintenanceOf(server, options));
  if (way === 'dump')
    return (await whyNoDatabase(session, elsewhere === undefined ? databaseOf(main) : undefined))?.why;
  const others = await stayingIn(session, databaseOf(main));
  return others.length === 0 ? undefined : `somebody is connected: ${others.slice(0, 3).join('; ')}`;
}

import type { Session } from '../../src/seams/driver.ts';
import type { History } from '../../src/seams/records.ts';
import type { SourceSetup } from '../../src/seams/adapter.ts';
import type { Apply, Migration, Source } from '../../src/seams/source.ts';
import type { Target } from '../../src/seams/target.ts';
import type { CommandOptions } from '../command.ts';
import { applyCommand } from './apply.ts';
import { commandChecksum, nameChecksum } from './checksum.ts';
import { recordedIn, type Place } from './record.ts';
import { noCommand, noDown, refuseNoProgram } from './refusals.ts';
import { bareName, tablesOf, toolIn } from './tools.ts';
import { nameOf } from './words.ts';

/** A command, and the project that it is run for. */
export interface Made extends Omit<CommandOptions, 'up'> {
  readonly words: readonly string[];
  readonly cwd: string;
  readonly setup: SourceSetup;
}

/**
 * What the tool's own table says is applied, and one migration more, which stands for the command: pending always, since
 * nobody but the tool knows what it has to do.
 */
export function commandSource(made: Made): Source {
  const { words, setup, historyTable } = made;
  const { driver, main } = setup;
  const tool = toolIn(words);
  const record = historyTable === undefined ? tool?.record : { columns: [], ...historyTable };
  const place: Place = { driver, record, tool: historyTable === undefined ? tool?.name : undefined };
  const tables = historyTable !== undefined ? [bareName(historyTable.table)] : tool === undefined ? [] : tablesOf(tool);
  const on = async <T>(target: Target, ask: (session: Session) => Promise<T>): Promise<T> => {
    await using connection = await driver.open(target);
    return await ask(connection);
  };
  const recorded = (target: Target): ReturnType<typeof recordedIn> =>
    on(target, (session) => recordedIn(session, place));
  const up = applyCommand(made, tool, recorded);
  const typed = words.length === 0 ? undefined : itself(nameOf(words), made, up);
  return {
    name: 'command',
    ...(tables.length === 0 ? {} : { tables }),
    history: (session) => historyOf(session, made, typed, place),
    async ready(target) {
      if (tool?.name === 'Prisma') await (await import('./prisma-record.ts')).makePrismaRecord(driver, target);
    },
    async migrations() {
      const rows = (await recorded(main))?.rows ?? [];
      const last = typed ?? (await on(main, (session) => middleOf(session, made)));
      return [...rows.map((row) => appliedByTool(row.version, row.name)), ...(last === undefined ? [] : [last])];
    },
    async notes(target) {
      const { begun = [], table = '' } = (await recorded(target)) ?? {};
      return begun.map(
        (one) =>
          `${one} was begun and never finished (${table}). The tool will refuse to go on until it is resolved by the tool's own command: for Prisma, prisma migrate resolve --rolled-back ${one}`,
      );
    },
  };
}

/** Stands for the command. */
function itself(name: string, { words, cwd }: Made, up: Apply): Migration {
  return {
    version: name,
    name,
    checksum: commandChecksum(name),
    text: name,
    language: 'code',
    continues: true,
    prepare: () => refuseNoProgram(words, cwd),
    up,
  };
}

/** Without a command, the one in whose middle a run ended: a person may have something to say about it. */
async function middleOf(session: Session, made: Made): Promise<Migration | undefined> {
  const { driver, main } = made.setup;
  const entry = await driver.journal(session).read(await driver.identity(main));
  if (entry?.phase !== 'journalled' || entry.migration === undefined) return undefined;
  const { migration: name } = entry;
  return itself(name, made, () => Promise.reject(noCommand(name)));
}

/**
 * The tool's table is the history. Whether the command itself got onto main, main's journal says, which is written in one
 * step with what the run promotes.
 */
function historyOf(session: Session, { setup }: Made, itself: Migration | undefined, place: Place): History {
  const { driver, main } = setup;
  const rows = async (): ReturnType<History['rows']> => (await recordedIn(session, place))?.rows ?? [];
  return {
    rows,
    async row(name) {
      if (name !== itself?.name) return (await rows()).find((row) => row.name === name);
      const entry = await driver.journal(session).read(await driver.identity(main));
      const isThere = entry?.phase === 'swapped' || (entry?.phase === 'promoting' && entry.migration === name);
      const { version, checksum } = itself;
      return isThere ? { version, name, appliedOn: entry.at, checksum } : undefined;
    },
    // What a tool has applied only the tool writes down.
    async record() {},
    async remove() {},
    text: async () => undefined,
  };
}

function appliedByTool(version: string, name: string): Migration {
  return {
    version,
    name,
    checksum: nameChecksum(name),
    text: name,
    language: 'code',
    async prepare() {
      throw noDown(name);
    },
    async up() {
      throw noDown(name);
    },
  };
}

import { quoteIdentifier } from '../../drivers/postgres/names.ts';
import { ForerunError, messageOf } from '../../error.ts';
import { thisProcess } from '../../process.ts';
import type { Copy, Making } from '../../seams/provider.ts';
import type { Target } from '../../seams/target.ts';
import { attributeStatements, checkpointStatements, commentStatement, type Attributes } from './attributes.ts';
import { asFailure } from './failure.ts';
import type { Keeper } from './keeper.ts';
import { livingBranch } from './list.ts';
import { refusePooled } from './pooled.ts';
import { commentOf, databaseName, newId, toCopy, type CopyRecord } from './records.ts';
import { codeOf, openSession, type ServerSession } from './session.ts';

export interface Origin {
  /** The maintenance database of the server that the copy is made on. */
  readonly server: Target;
  /** Key of main. */
  readonly main: string;
  /** Id of the copy that it is made from. */
  readonly parent?: string;
  /** In words, for messages. */
  readonly what: string;
}

export interface Produced {
  readonly way: string;
  readonly attributes: Attributes;
}

export interface Work {
  readonly session: ServerSession;
  /** The database to be made. */
  readonly name: string;
  /** What stands in its comment while it is being filled, where that takes long. */
  readonly record: CopyRecord;
}

/**
 * Makes one copy: `produce` makes its database, which nobody may connect to; its record, its settings and its rights
 * follow in one transaction, and let it be used. Whatever fails leaves nothing behind.
 */
export async function make(
  origin: Origin,
  kind: Copy['kind'],
  making: Making,
  keeper: Keeper,
  produce: (work: Work) => Promise<Produced>,
): Promise<Copy> {
  const start = performance.now();
  const record = newRecord(origin, kind, making);
  const name = databaseName(record.id, origin.main);
  let keep = false;
  try {
    const holding = keeper.hold(origin.server, record.id);
    holding.catch(() => {});
    await using session = await openSession(origin.server, making);
    await holding;
    refusePooled(session);
    try {
      if (kind === 'branch') await refuseTakenLabel(session, record);
      const { way, attributes } = await produce({ session, name, record });
      const bytes = await sizeOf(session, name);
      const ready: CopyRecord = {
        ...record,
        state: 'ready',
        way,
        bytes,
        ms: Math.round(performance.now() - start),
        ...(attributes.comment === null ? {} : { comment: attributes.comment }),
      };
      await finish(session, name, kind === 'checkpoint' ? { ...ready, attributes } : ready, attributes);
      if (kind === 'branch') await refuseTakenLabel(session, record);
      keep = kind === 'branch' && making.run !== undefined;
      return toCopy(ready, origin.server);
    } catch (error) {
      // On a read-only server nothing was made, and nothing can be dropped.
      if (codeOf(error) !== '25006') await drop(origin.server, name, error);
      throw error;
    }
  } catch (error) {
    throw making.signal?.aborted ? error : asFailure(error, `The ${kind} of ${origin.what}`);
  } finally {
    if (!keep) await keeper.release(record.id);
  }
}

function newRecord(origin: Origin, kind: Copy['kind'], making: Making): CopyRecord {
  return {
    format: 1,
    kind,
    id: newId(kind === 'branch' ? 'br' : 'cp'),
    label: making.label,
    main: origin.main,
    ...(origin.parent === undefined ? {} : { parent: origin.parent }),
    ...(making.run === undefined ? {} : { run: making.run }),
    createdAt: new Date().toISOString(),
    state: 'making',
    bytes: 0,
    way: 'unknown',
    ms: 0,
    maker: thisProcess(),
  };
}

/** In one message, which the server takes as one transaction. */
async function finish(session: ServerSession, name: string, record: CopyRecord, attributes: Attributes): Promise<void> {
  const rest =
    record.kind === 'checkpoint' ? checkpointStatements(name, attributes) : attributeStatements(name, attributes);
  const open = `ALTER DATABASE ${quoteIdentifier(name)} ALLOW_CONNECTIONS true`;
  await session.query([...rest, commentStatement(name, commentOf(record)), open].join(';\n'));
}

/** Asked again when the copy is there, so that of two programs that want one label at the same time not both get it. */
async function refuseTakenLabel(session: ServerSession, record: CopyRecord): Promise<void> {
  const other = await livingBranch(session, record);
  if (other === undefined) return;
  throw new ForerunError('USAGE', `There is a branch called "${record.label}" already: ${other.id}.`, {
    details: {},
    next: `Choose another name, or discard that one: forerun discard ${other.id}`,
  });
}

export async function sizeOf(session: ServerSession, name: string): Promise<number> {
  const [row] = await session.query(
    `SELECT pg_database_size(oid)::float8 AS bytes FROM pg_database WHERE datname = $1`,
    [name],
  );
  return Number(row?.['bytes'] ?? 0);
}

/** On a session of its own: the one that failed may be cut, or its signal aborted. */
async function drop(server: Target, name: string, failure: unknown): Promise<void> {
  try {
    await using session = await openSession(server);
    await session.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`);
  } catch (another) {
    throw new ForerunError(
      'PROVIDER_FAILED',
      `"${name}" could not be made (${messageOf(failure)}), and what there may be of it not be dropped: ${messageOf(another)}.`,
      {
        details: {},
        next: 'The next run drops it once the server answers.',
        cause: new AggregateError([failure, another]),
      },
    );
  }
}

import { stat } from 'node:fs/promises';
import { schemaDiff } from '../schema-diff.ts';
import type { Schema } from '../seams/driver.ts';
import type { SchemaChange, TableEvidence } from '../seams/evidence.ts';
import type { Target } from '../seams/target.ts';
import type { Setup } from '../setup.ts';
import { findCopy } from './find-copy.ts';
import { lookAt, type Look } from '../look-at.ts';
import { newHolder } from './lock.ts';
import { answersTo, refuseQuery, type QueryAnswers } from './query.ts';

export type { QueryAnswer, QueryAnswers } from './query.ts';

export interface DiffOptions {
  /** One SELECT, put to both. */
  readonly query?: string;
}

/** What differs between two databases, `a` taken as the state before and `b` as the state after. */
export interface Difference {
  readonly a: DiffSide;
  readonly b: DiffSide;
  readonly schema: readonly (SchemaChange & { readonly before?: string; readonly after?: string })[];
  /** Every table, those that do not differ as well. */
  readonly tables: readonly TableEvidence[];
  /** Sizes of the database files, where there are files. */
  readonly bytes: { readonly a?: number; readonly b?: number };
  /** Tables that could not be compared, and why. */
  readonly notes: readonly string[];
  readonly query?: QueryAnswers;
}

export interface DiffSide {
  /** `main`, or the copy's label. */
  readonly name: string;
  /** Absent for main. */
  readonly id?: string;
  /** Address without a password. */
  readonly url: string;
}

/** Compares two of main, branches and checkpoints: schema, rows, sizes, and a query's answers. Changes neither. */
export async function diff(setup: Setup, a: string, b: string, options: DiffOptions = {}): Promise<Difference> {
  await using before = await sideOf(setup, a);
  await using after = await sideOf(setup, b);
  const [schemaA, schemaB] = [await schemaOf(setup, before.target), await schemaOf(setup, after.target)];
  // A driver may be able to read a text only once a connection was open.
  if (options.query !== undefined) refuseQuery(setup.driver, options.query);
  const { tables = [], notes = [] } = await setup.driver.compare(before.target, after.target);
  return {
    a: before.side,
    b: after.side,
    schema: schemaDiff(schemaA, schemaB).map((change) => withTexts(change, schemaA, schemaB)),
    tables,
    bytes: { ...(await sizeOf('a', before.target)), ...(await sizeOf('b', after.target)) },
    notes,
    ...(options.query === undefined
      ? {}
      : { query: await answersTo(setup.driver, options.query, before.target, after.target) }),
  };
}

interface Found extends Look {
  readonly side: DiffSide;
}

async function sideOf(setup: Setup, name: string): Promise<Found> {
  const { driver, main } = setup;
  if (name === 'main') {
    await driver.examine(main);
    return { side: { name, url: main.url }, target: main, async [Symbol.asyncDispose]() {} };
  }
  const copy = await findCopy(setup, name);
  const { run } = newHolder('look');
  const look = await lookAt(setup.provider, copy, { label: run, run });
  return { side: { name: copy.label, id: copy.id, url: copy.target.url }, ...look };
}

async function schemaOf({ driver }: Setup, target: Target): Promise<Schema> {
  await using connection = await driver.open(target);
  return await driver.schema(connection);
}

function withTexts(change: SchemaChange, a: Schema, b: Schema): Difference['schema'][number] {
  const [before, after] = [a.get(change.object), b.get(change.object)];
  return { ...change, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

async function sizeOf<Side extends 'a' | 'b'>(side: Side, { path }: Target): Promise<{ [key in Side]?: number }> {
  if (path === undefined) return {};
  return { [side]: (await stat(path)).size } as { [key in Side]?: number };
}

import { ForerunError, isForerunError } from '../error.ts';
import type { Run } from '../run-log.ts';
import type { MigrationFailure } from '../seams/evidence.ts';
import type { Migration } from '../seams/source.ts';
import { shellWord } from '../shell-word.ts';

/** Why a migration did not apply, without a value, and what to do about it where that can be told. */
export function failureOf(
  { setup, adoptable }: Pick<Run, 'setup'> & Partial<Pick<Run, 'adoptable'>>,
  { name }: Pick<Migration, 'name'>,
  error: unknown,
): MigrationFailure {
  const failure = withoutAdvice(setup.driver, error);
  const { driver } = setup;
  const exists = name === adoptable && (driver.saysExists?.(failure) ?? false);
  const next = exists
    ? `Nothing counts as applied yet: if ${name} was applied by other means, say so with: forerun baseline ${shellWord(name)}`
    : driver.remedyFor?.(failure);
  return next === undefined ? failure : { ...failure, next };
}

function withoutAdvice(driver: Run['setup']['driver'], error: unknown): MigrationFailure {
  if (isForerunError(error, 'STATEMENT_FAILED')) {
    const { where, code } = error.details;
    return { message: error.message, where, ...(code === undefined ? {} : { code }) };
  }
  if (isForerunError(error, 'BAD_MIGRATION')) {
    const { where } = error.details;
    return { message: `${error.message} ${error.next ?? ''}`.trim(), ...(where === undefined ? {} : { where }) };
  }
  const code =
    error instanceof Error && !(error instanceof ForerunError) && 'code' in error ? String(error.code) : undefined;
  return { message: driver.wordsOf(error), ...(code === undefined ? {} : { code }) };
}

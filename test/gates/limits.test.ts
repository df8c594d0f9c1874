import { expect, test } from 'vitest';
import { judge, type Finding } from '../../src/gate.ts';
import { standardGates } from '../../src/gates/standard.ts';
import { defaultLimits, type Limits } from '../../src/limits.ts';
import type { Evidence } from '../../src/seams/evidence.ts';

function found(evidence: Evidence, limits: Partial<Limits> = {}): string[] {
  const judged = { name: '001', permits: [], limits: { ...defaultLimits, ...limits } };
  return judge(standardGates, evidence, judged, {}).map(
    ({ gate, severity, message }: Finding) => `${severity} ${gate}: ${message}`,
  );
}

const waits = (readMs: number, writeMs: number): Evidence => ({ waits: [{ table: 'users', readMs, writeMs }] });

test.each([
  ['neither', waits(1000, 1000), []],
  [
    'writes alone',
    waits(8, 2080),
    ['warn blocked-time: Every write of users would have waited for up to 2.1 s (better not over 1.0 s).'],
  ],
  [
    'both, and too long',
    waits(6111, 6112),
    ['block blocked-time: Every read and write of users would have waited for up to 6.1 s (at most 5.0 s).'],
  ],
  [
    'reads a little, and writes too long',
    waits(1500, 5001),
    ['block blocked-time: Every read and write of users would have waited for up to 5.0 s (at most 5.0 s).'],
  ],
])('locks that hold up %s are told once for each table', (_what, evidence, expected) => {
  expect(found(evidence)).toEqual(expected);
});

test('a limit of the configuration takes the place of its default', () => {
  expect(found(waits(0, 300), { writeWaitMs: { block: 200 } })).toEqual([
    'block blocked-time: Every write of users would have waited for up to 300 ms (at most 200 ms).',
  ]);
  expect(found(waits(9000, 9000), { writeWaitMs: {}, readWaitMs: {} })).toEqual([]);
});

test('a large table that is written anew warns, and a small one does not', () => {
  const evidence: Evidence = {
    rewrites: ['users', 'orders'],
    tables: [
      { table: 'users', changed: true, bytesBefore: 900e6 },
      { table: 'orders', changed: true, bytesBefore: 1e6 },
      { table: 'logs', changed: true, bytesBefore: 900e6 },
    ],
  };
  expect(found(evidence)).toEqual(['warn rewrite: users is written anew: 900 MB (better not over 100 MB).']);
  expect(found(evidence, { rewriteBytes: { block: 500e6 } })).toEqual([
    'block rewrite: users is written anew: 900 MB (at most 500 MB).',
  ]);
});

test('a migration may take as long as it likes, unless the configuration says otherwise', () => {
  expect(found({ ms: 1e6 })).toEqual([]);
  expect(found({ ms: 61_000 }, { durationMs: { warn: 30_000, block: 60_000 } })).toEqual([
    'block duration: It took 61.0 s on the branch (at most 60.0 s).',
  ]);
});

test('an index that is left INVALID blocks, and a constraint that is left NOT VALID warns', () => {
  const evidence: Evidence = {
    unfinished: [
      { table: 'public.users', object: 'users_mail', what: 'INVALID index' },
      { table: 'public.orders', object: 'orders_user', what: 'NOT VALID constraint' },
    ],
  };
  expect(found(evidence)).toEqual([
    'block left-behind: The index users_mail of public.users is left INVALID: every write pays for it, and no query uses it. Drop it, and make it again.',
    'warn left-behind: The constraint orders_user of public.orders is left NOT VALID: rows that are there already were not checked. Check them with: ALTER TABLE public.orders VALIDATE CONSTRAINT orders_user',
  ]);
});

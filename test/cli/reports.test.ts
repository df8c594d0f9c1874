import { describe, expect, it, test } from 'vitest';
import type { Event } from '../../src/events.ts';
import { diffText } from '../../src/reports/diff-text.ts';
import { endingText } from '../../src/reports/ending-text.ts';
import { json } from '../../src/reports/json.ts';
import { phaseText } from '../../src/reports/phase-text.ts';
import { age, duration, size } from '../../src/reports/quantities.ts';
import { runText } from '../../src/reports/run-text.ts';
import { plain, type View } from '../../src/reports/style.ts';
import { table } from '../../src/reports/table.ts';
import { resultOf } from '../../src/result.ts';

const view: View = { style: plain, cwd: '/shop', verbose: false };

const started: Event = {
  type: 'run:started',
  run: 'r1',
  verb: 'up',
  safe: true,
  database: 'sqlite:/shop/app.db',
  provider: 'copy',
  source: 'sql',
  at: '2026-01-01T00:00:00.000Z',
};
const planned: Event = {
  type: 'planned',
  pending: ['001_a', '002_b', '003_c'].map((name) => ({ version: name.slice(0, 3), name, checksum: 'sha256:0' })),
  applied: 4,
  drift: [],
};
const promoted = (migration: string, checkpoint: string): Event => ({
  type: 'promoted',
  migration,
  how: 'replay',
  direction: 'up',
  ms: 4.44,
  checkpoint,
});
const finished = (outcome: Extract<Event, { type: 'run:finished' }>['outcome']): Event => ({
  type: 'run:finished',
  outcome,
  ms: 1234,
});

test.each([
  [
    'promoted',
    [promoted('001_a', 'cp_1'), promoted('002_b', 'cp_2'), promoted('003_c', 'cp_3')],
    '3 migrations promoted in 1.2 s. Undo with: forerun rollback cp_1',
  ],
  [
    'partly-promoted',
    [promoted('001_a', 'cp_1')],
    '1 of 3 migrations promoted, then the run stopped; main is as it was after 001_a. Undo with: forerun rollback cp_1',
  ],
  ['interrupted', [], 'Interrupted after 1.2 s, and cleaned up. Main is as it was.'],
  ['nothing-pending', [], 'Nothing to do: no migration is pending.'],
  ['passed', [], '3 migrations passed in 1.2 s; main was not touched. Promote with: forerun up --safe'],
] as const)('a run that is %s ends with where main is and what to do', (outcome, events, line) => {
  expect(endingText(resultOf([started, planned, ...events, finished(outcome)]), plain)).toBe(line);
});

const kept: Event = {
  type: 'rolled-back',
  migration: '002_b',
  finding: { gate: 'promotion', severity: 'block', migration: '002_b', message: 'no such table' },
};

test.each([
  [
    'promoted',
    [promoted('001_a', 'cp_1'), promoted('002_b', 'cp_2'), promoted('003_c', 'cp_3')],
    '3 migrations reverted in 1.2 s. Undo with: forerun rollback cp_1',
  ],
  [
    'partly-promoted',
    [promoted('001_a', 'cp_1')],
    '1 of 3 migrations reverted, then the run stopped; main is as it was after 001_a was reverted. Undo with: forerun rollback cp_1',
  ],
  ['rolled-back', [kept], 'Rolled back: 002_b was not reverted on main, which is as it was before.'],
  [
    'blocked',
    [{ type: 'finding', finding: { gate: 'checks', severity: 'block', message: 'no' } }],
    'Blocked: it did not pass checks (see above). Main is as it was; none was reverted.',
  ],
] as const)('a down that is %s says what was reverted', (outcome, events, line) => {
  expect(endingText(resultOf([{ ...started, verb: 'down' }, planned, ...events, finished(outcome)]), plain)).toBe(line);
  expect(phaseText(kept, plain, 'down')).toBe('✗ 002_b was not reverted on main, which is as it was before');
});

test('a run without a rehearsal says so after its time', () => {
  const direct: Event = { type: 'promoted', migration: '001_a', how: null, direction: 'up', ms: 4 };
  const one: Event = { ...planned, pending: planned.pending.slice(0, 1) };
  expect(endingText(resultOf([started, one, direct, finished('promoted')]), plain)).toBe(
    '1 migration applied in 1.2 s, without a rehearsal.',
  );
});

test('an interruption whose clean-up is left to the next run does not claim one', () => {
  const left: Event = {
    type: 'finding',
    finding: { gate: 'recovery', severity: 'note', message: 'What it left could not be cleaned up.' },
  };
  expect(endingText(resultOf([started, planned, left, finished('interrupted')]), plain)).toBe(
    'Interrupted after 1.2 s. Main is as it was.',
  );
});

test.each([
  [20, false],
  [21, true],
])('of %i checkpoints in one run the report advises one for all: %s', (many, advised) => {
  const copies = Array.from({ length: many }, (_, at): Event => {
    const copy = { id: `cp_${at}`, label: 'x', way: 'copy', bytes: 1, ms: 1 };
    return { type: 'copy:made', kind: 'checkpoint', copy };
  });
  const text = runText(resultOf([started, planned, ...copies, finished('promoted')]), view);
  expect(text.includes('--checkpoints once')).toBe(advised);
});

it('a report groups findings by severity, with file, line, statement and its text', () => {
  const where = { file: '/shop/migrations/001_a.sql', line: 12, statement: 2, sql: 'DELETE FROM users\nWHERE true' };
  const text = runText(
    resultOf([
      started,
      planned,
      {
        type: 'rehearsed',
        migration: '001_a',
        branch: 'br_1',
        ms: 12,
        shared: true,
        evidence: {},
        findings: [
          { gate: 'rehearsal', severity: 'note', migration: '001_a', message: 'Its BEGIN was left out.' },
          { gate: 'integrity', severity: 'warn', migration: '001_a', message: 'Odd.' },
          {
            gate: 'data-preserved',
            severity: 'block',
            migration: '001_a',
            message: '3 rows of users are gone.',
            where,
          },
        ],
      },
      {
        type: 'copy:made',
        kind: 'checkpoint',
        copy: { id: 'cp_1', label: '001_a', way: 'reflink', bytes: 1_234_567, ms: 8 },
        migration: '001_a',
      },
      { type: 'copy:discarded', copy: 'cp_1' },
      finished('blocked'),
    ]),
    view,
  );
  expect(text).toBe(`Migration  Outcome      Rehearsed
001_a      blocked          12 ms
002_b      not-reached
003_c      not-reached

Blocking
  001_a [data-preserved]
    3 rows of users are gone.
    migrations/001_a.sql:12, statement 2
      DELETE FROM users
      WHERE true

Warnings
  001_a [integrity]
    Odd.

Notes
  001_a [rehearsal]
    Its BEGIN was left out.

Copies made: 1, 1.2 MB, 8 ms
  checkpoint  cp_1  001_a  reflink  1.2 MB  8 ms  discarded

Blocked: 001_a did not pass. Main is as it was; none was promoted.
`);
});

test('where main was written meanwhile, no ending says that it is as it was', () => {
  const written: Event = {
    type: 'finding',
    finding: { gate: 'isolation', severity: 'note', message: 'Main was written, or may have been.' },
  };
  const outcomes = ['blocked', 'rolled-back', 'interrupted', 'partly-promoted', 'failed', 'passed'] as const;
  for (const outcome of outcomes) {
    const told = endingText(resultOf([started, planned, written, finished(outcome)]), plain);
    expect(told).toContain('was written meanwhile, by whom is not known');
    expect(told).not.toMatch(/as it was|not changed|not touched/);
  }
});

describe('json', () => {
  it('keeps the order of keys, writes maps as objects and large integers as text', () => {
    expect(json({ b: 1n, a: new Map([['x', 2]]), c: 2n ** 64n })).toBe(
      '{\n  "b": 1,\n  "a": {\n    "x": 2\n  },\n  "c": "18446744073709551616"\n}\n',
    );
  });
});

it('quantities read well at every size', () => {
  expect([0, 0.04, 2.34, 12.6, 999.4, 999.6, 59_900, 59_960, 125_000].map(duration)).toEqual([
    '0 ms',
    '0.1 ms',
    '2.3 ms',
    '13 ms',
    '999 ms',
    '1 s',
    '59.9 s',
    '1 min 0 s',
    '2 min 5 s',
  ]);
  expect([0, 999, 1000, 12_345, 999_499, 999_600, 1.5e9].map(size)).toEqual([
    '0 B',
    '999 B',
    '1 kB',
    '12.3 kB',
    '999 kB',
    '1 MB',
    '1.5 GB',
  ]);
  expect([0, 60_000, 7_100_000, 7_200_000, 200_000_000].map(age)).toEqual([
    'just now',
    '1 min',
    '118 min',
    '2 h',
    '2 days',
  ]);
});

it('a table leaves empty columns out and does not count colours as width', () => {
  const red = (text: string): string => `<${text}>`;
  const rows = [
    ['a', { text: 'xx', paint: red }, ''],
    ['bbb', '', ''],
  ];
  expect(table([{ title: 'One' }, { title: 'Two', align: 'right' }, { title: 'Three' }], rows, plain)).toEqual(
    ['One  Two', 'a     <xx>', 'bbb'].map((line) => line),
  );
});

test('a diff shows of a changed definition what differs, with the lines beside it', () => {
  const columns = ['id integer', 'email text', 'name text', 'OWNER shop'];
  const text = diffText(
    {
      a: { name: 'main', url: 'postgres://localhost/shop' },
      b: { name: 'play', url: 'postgres://localhost/play' },
      schema: [
        {
          object: 'table public.users',
          change: 'changed',
          before: columns.join('\n'),
          after: columns.toSpliced(2, 1, 'name text NOT NULL').join('\n'),
        },
        { object: 'view public.names', change: 'removed', before: 'SELECT name\nFROM users' },
      ],
      tables: [],
      bytes: {},
      notes: [],
    },
    view,
  );
  expect(text.split('\n').slice(2, 10)).toEqual([
    'Schema',
    '  ~ table public.users',
    '        email text',
    '      - name text',
    '      + name text NOT NULL',
    '        OWNER shop',
    '  - view public.names',
    '      SELECT name',
  ]);
});

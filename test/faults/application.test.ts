import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { up } from '../../src/run.ts';
import type { RunResult } from '../../src/result.ts';
import { newProject, type Project } from '../support/project.ts';
import { sqliteScenarios } from './scenarios/sqlite.ts';

const program = fileURLToPath(new URL('application.mjs', import.meta.url));

interface Report {
  readonly acknowledged: number[];
  readonly illegal: string[];
  readonly seen: string[];
}

/** Runs `work` while an application in another process reads and writes main without pause. */
async function besideApplication<T>(
  project: Project,
  legal: string[],
  work: () => Promise<T>,
): Promise<{ answer: T; report: Report }> {
  const application = fork(program, [project.path, JSON.stringify(legal)]);
  await once(application, 'message');
  await sleep(50);
  const answer = await work();
  await sleep(50);
  application.send('stop');
  const [report] = (await once(application, 'message')) as [Report];
  return { answer, report };
}

const before = JSON.stringify({ history: [], columns: ['id', 'email', 'name'], first: [] });
const between = JSON.stringify({ history: ['001_first'], columns: ['id', 'email', 'name'], first: ['id', 'x'] });
const after = JSON.stringify({
  history: ['001_first', '002_second'],
  columns: ['id', 'email', 'name', 'z'],
  first: ['id', 'x', 'y'],
});

function expectNothingLost(project: Project, report: Report): void {
  expect(report.illegal).toEqual([]);
  const there = new Set(project.read('SELECT id FROM orders'));
  expect(report.acknowledged.filter((id) => !there.has(id))).toEqual([]);
  expect(report.acknowledged.length).toBeGreaterThan(5);
}

async function project(scenario: string, journalMode: 'wal' | 'delete'): Promise<Project> {
  const made = await newProject({ journalMode });
  const { files = {} } = sqliteScenarios.find(({ name }) => name === scenario) ?? {};
  for (const [name, text] of Object.entries(files)) await made.migration(name, text);
  return made;
}

async function migrate(made: Project): Promise<RunResult> {
  return up(await made.setup(), { safe: true });
}

describe.each(['wal', 'delete'] as const)(
  'an application that reads and writes main throughout (%s)',
  (journalMode) => {
    test('loses no write and sees no third state while migrations are replayed', async () => {
      const made = await project('sql', journalMode);
      const { answer, report } = await besideApplication(made, [before, between, after], () => migrate(made));
      expect(answer).toMatchObject({ outcome: 'promoted' });
      expectNothingLost(made, report);
      expect(report.seen).toContain(after);
    });

    test('loses no write and sees no third state while a batch is swapped in, or kept out', async () => {
      const made = await project('sql-swapped', journalMode);
      const { answer, report } = await besideApplication(made, [before, after], () => migrate(made));
      expect(answer, JSON.stringify(answer.findings)).toMatchObject(
        journalMode === 'wal' ? { outcome: 'promoted' } : { exitCode: expect.any(Number) },
      );
      if (answer.outcome !== 'promoted') {
        expect(answer).toMatchObject({ outcome: 'rolled-back', exitCode: 3 });
        expect(made.read("SELECT count(*) FROM sqlite_schema WHERE name = 'first'")).toEqual([0]);
      }
      expectNothingLost(made, report);
    });
  },
);

describe('a second deployer at the same time', () => {
  test('waits, and then finds nothing to do', async () => {
    const made = await project('sql', 'wal');
    const results = await Promise.all([migrate(made), migrate(made), migrate(made)]);
    expect(results.map((result) => result.outcome).sort()).toEqual(['nothing-pending', 'nothing-pending', 'promoted']);
  });
});

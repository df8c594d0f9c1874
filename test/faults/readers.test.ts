import { expect, onTestFinished, test } from 'vitest';
import { up } from '../../src/run.ts';
import { newProject } from '../support/project.ts';
import type { Application } from '../contracts/driver.ts';
import { startApplication } from '../drivers/fixtures/sqlite-processes.ts';

const reading = 'BEGIN; SELECT * FROM users';
const waitsToCommit = 'waiting for readers, to commit';

/** Somebody who reads on in the first of these steps, and another who comes when the run waits for that. */
test.each(['the run is written into the journal', 'a migration is replayed'] as const)(
  'while somebody reads main without a WAL when %s, others begin to read, and it is done once',
  async (when) => {
    const project = await newProject({ journalMode: 'delete' });
    await project.migration('001_first.sql', "CREATE TABLE first (id, x); INSERT INTO first VALUES (1, 'x');");
    const setup = await project.setup();
    const [reader, other] = await Promise.all([started(), started()]);
    async function started(): Promise<Application> {
      const application = await startApplication(setup.main);
      onTestFinished(() => application.end());
      return application;
    }
    if (when === 'the run is written into the journal') await reader.run(reading);
    const promoting = async (): Promise<void> => {
      if (when === 'a migration is replayed') await reader.run(reading);
    };
    const told: string[] = [];
    const lettingIn: Promise<void>[] = [];
    const letIn = async (): Promise<void> => {
      try {
        await expect.poll(() => other.run('SELECT * FROM users').then(() => 'let in', String)).toBe('let in');
      } finally {
        await reader.run('COMMIT');
      }
    };
    const result = await up(
      { ...setup, source: { ...setup.source, promoting } },
      {
        safe: true,
        onEvent(event) {
          if (event.type !== 'told' || !event.message.includes(waitsToCommit)) return;
          told.push(event.message);
          lettingIn.push(letIn());
        },
      },
    );
    await Promise.all(lettingIn);
    expect(result, JSON.stringify(result.findings)).toMatchObject({ outcome: 'promoted' });
    expect(told).toHaveLength(1);
    expect(project.read('SELECT count(*) FROM first')).toEqual([1]);
    expect(project.read('SELECT name FROM _schema_history')).toEqual(['001_first']);
    expect(project.read("SELECT entry ->> 'phase' FROM _forerun_journal")).toEqual(['finished']);
    const begunAnew = result.findings.filter(({ message }) => message.startsWith('Begun 2 times'));
    expect(begunAnew).toHaveLength(when === 'a migration is replayed' ? 1 : 0);
  },
);

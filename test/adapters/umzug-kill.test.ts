import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { deployed } from './fixtures/umzug/deployed.ts';
import { blocking, deploy, running, sharing } from './fixtures/umzug/programs.ts';
import { umzugProject } from './fixtures/umzug/project.ts';

describe('a child process that is blocked by a statement', () => {
  test('is ended when the run is aborted', async () => {
    const project = await umzugProject({
      'migrator.mjs': sharing,
      'migrations/001_long.mjs': blocking,
      'deploy.mjs': `import { existsSync } from 'node:fs';
import { umzug } from './migrator.mjs';
const interruption = new AbortController();
const beat = setInterval(() => { if (existsSync('pid')) { clearInterval(beat); interruption.abort(); } }, 20);
console.log(JSON.stringify(await umzug.safeUp({ signal: interruption.signal })));
`,
    });
    const result = await deployed(project);
    expect(result).toMatchObject({ outcome: 'interrupted', exitCode: 130 });
    await ended(await numberIn(join(project.root, 'pid')));
    expect(project.tables()).toEqual(['users']);
  });

  test('dies with the process that started it, and the next run cleans up', async () => {
    const project = await umzugProject({
      'migrator.mjs': sharing,
      'deploy.mjs': deploy,
      'migrations/001_long.mjs': blocking,
    });
    const deployer = execa('node', ['deploy.mjs'], { cwd: project.root, reject: false });
    const pid = await numberIn(join(project.root, 'pid'));
    deployer.kill('SIGKILL');
    await deployer;
    await ended(pid);
    await project.put({ 'migrations/001_long.mjs': running('CREATE TABLE a (i)') });
    const result = await deployed(project);
    expect(result.outcome).toBe('promoted');
    expect(project.tables()).toEqual(['a', 'users']);
  });
});

/** Waits until a program has written a file, and answers with the number in it. */
async function numberIn(file: string): Promise<number> {
  for (;;) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (text !== '') return Number(text);
    await sleep(20);
  }
}

/** Waits until a process has ended. */
async function ended(pid: number): Promise<void> {
  while (runs(pid)) await sleep(20);
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

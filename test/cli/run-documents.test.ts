import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resultOf } from '../../src/result.ts';
import { keepRunDocument } from '../../src/run-documents.ts';

const result = resultOf([
  {
    type: 'run:started',
    run: '20260101-000000-abcd',
    verb: 'up',
    safe: true,
    database: 'sqlite:/x',
    provider: 'copy',
    source: 'sql',
    at: '2026-01-01T00:00:00.000Z',
  },
  {
    type: 'run:finished',
    outcome: 'failed',
    error: { code: 'UNEXPECTED', message: 'no', stack: 'secret place' },
    ms: 1,
  },
]);

async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'forerun-home-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return home;
}

describe('the document of a run', () => {
  it('is kept for its owner only, without where errors came from in the code', async () => {
    const home = await newHome();
    const file = await keepRunDocument(home, result);
    expect(file).toBe(join(home, 'runs/20260101-000000-abcd.json'));
    expect((await stat(join(home, 'runs'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(home, 'runs/20260101-000000-abcd.json'))).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file ?? '', 'utf8'))).toEqual({
      ...result,
      error: { code: 'UNEXPECTED', message: 'no' },
    });
    await keepRunDocument(home, result);
    expect(await readdir(join(home, 'runs'))).toEqual(['20260101-000000-abcd.json']);
  });

  it('takes the place of drafts that were left half written, not of one that is being written', async () => {
    const home = await newHome();
    const runs = join(home, 'runs');
    await mkdir(runs);
    for (const name of ['old.json.tmp', 'new.json.tmp', 'old.json']) await writeFile(join(runs, name), '');
    const then = new Date(Date.now() - 3_600_000);
    for (const name of ['old.json.tmp', 'old.json']) await utimes(join(runs, name), then, then);
    await keepRunDocument(home, result);
    expect((await readdir(runs)).toSorted()).toEqual(['20260101-000000-abcd.json', 'new.json.tmp', 'old.json']);
  });

  it('leaves no draft where it cannot be written', async () => {
    const home = await newHome();
    await mkdir(join(home, 'runs', '20260101-000000-abcd.json'), { recursive: true });
    await expect(keepRunDocument(home, result)).rejects.toThrow('EISDIR');
    expect(await readdir(join(home, 'runs'))).toEqual(['20260101-000000-abcd.json']);
  });

  it('is not kept where nothing of Forerun is, and of a run that never began', async () => {
    const home = await newHome();
    expect(await keepRunDocument(join(home, 'nowhere'), result)).toBeUndefined();
    await mkdir(join(home, 'there'));
    expect(await keepRunDocument(join(home, 'there'), { ...result, run: '' })).toBeUndefined();
    expect(await readdir(home)).toEqual(['there']);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { endChildren } from '../src/children.ts';
import { identityOf, isAlive } from '../src/process.ts';
import { groupMembers } from '../src/process-group.ts';

test('a program of a dead run is ended with its group, also where it heeds no SIGTERM and its leader is gone', async () => {
  for (const leaderDies of [false, true]) {
    const { leader, identity } = await startGroup();
    expect(await groupMembers(leader)).toHaveLength(2);
    if (leaderDies) process.kill(leader, 'SIGKILL');
    await endChildren({ run: 'dead', children: [identity] });
    expect(await groupMembers(leader)).toEqual([]);
  }
});

test.each([
  ['the number is by now', { startTime: 'another boot:1' }],
  ['another host has', { host: `not-${hostname()}` }],
])('a process that %s another one is left alone', async (_, other) => {
  const { leader, identity } = await startGroup();
  await endChildren({ run: 'dead', children: [{ ...identity, ...other }] });
  expect(isAlive(identity)).toBe(true);
  expect(await groupMembers(leader)).toHaveLength(2);
});

async function startGroup(): Promise<{ leader: number; identity: ReturnType<typeof identityOf> }> {
  const child = spawn('sh', ['-c', 'trap "" TERM; sleep 600 & echo begun; wait; sleep 600'], { detached: true });
  const leader = child.pid ?? 0;
  onTestFinished(() => {
    try {
      process.kill(-leader, 'SIGKILL');
    } catch {
      // It has ended.
    }
  });
  await once(child.stdout, 'data');
  return { leader, identity: identityOf(leader) };
}

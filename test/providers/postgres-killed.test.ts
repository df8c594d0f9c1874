import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clone } from '../../src/providers/clone.ts';
import { dump } from '../../src/providers/dump.ts';
import { template } from '../../src/providers/template.ts';
import type { Target } from '../../src/seams/target.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { bodies, makeMain, residue, run } from './fixtures/postgres-world.ts';

const makers = { template, dump, clone };

describe.each(['template', 'dump', 'clone'] as const)(
  '%s, when the process is killed',
  { timeout: 300_000 },
  (name) => {
    let server: PostgresServer;
    let folder: string;
    beforeAll(async () => {
      server = await startPostgres();
      folder = await mkdtemp(join(tmpdir(), 'forerun-test-killed-'));
      await chmod(folder, 0o711);
    });
    afterAll(async () => {
      await server.stop();
      await rm(folder, { recursive: true });
    });

    /** Whether it was killed before it had finished. */
    const workAndDie = async (target: Target, order: object): Promise<boolean> => {
      const victim = join(import.meta.dirname, 'fixtures', 'postgres-victim.mjs');
      const whole = { provider: name, options: { folder }, target, label: 'cut short', ...order };
      const child = spawn(process.execPath, [victim, JSON.stringify(whole)], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
      if (signal !== 'SIGKILL' && code !== 0) throw new Error(`the victim failed with ${code ?? signal}`);
      await nothingRuns();
      return signal === 'SIGKILL';
    };

    /** A server ends a session some moments after its client; recovery waits for that, too. */
    const nothingRuns = async (): Promise<void> => {
      for (;;) {
        const rows = await server.query("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'forerun%'");
        if (rows.length === 0) return;
        await sleep(10);
      }
    };

    /** The others do so much that some steps are enough: before them in the first round, after them in the second. */
    const stride = { template: 1, dump: 4, clone: 7 }[name];

    it.each(['checkpoint', 'branch', 'snapshot'] as const)('lists and discards what is left of a %s', async (kind) => {
      const provider = makers[name]({ folder });
      const main = await makeMain(server);
      const states = new Set<string>();
      for (const sent of [false, true]) {
        for (
          let step = sent && stride > 1 ? 2 : 1;
          await workAndDie(main, { kind, run: 'run-1', step, sent });
          step += stride
        ) {
          for (const copy of await provider.list(main)) {
            states.add(copy.state);
            if (copy.way === 'unknown') {
              const again = provider.branch({ ...copy, kind: 'branch' }, { label: 'no' });
              await expect(again).rejects.toMatchObject({ code: 'NOT_FOUND' });
            }
            await provider.discard(copy);
            await provider.discard(copy);
          }
          expect(await residue(server, main)).toEqual([]);
          expect((await readdir(folder)).filter((entry) => !entry.startsWith('probe-'))).toEqual([]);
        }
        for (const copy of await provider.list(main)) await provider.discard(copy);
      }
      expect(await bodies(main)).toEqual(['first']);
      expect(states).toContain('leftover');
    });

    it('leaves main before or after a restore, and open', async () => {
      const provider = makers[name]({ folder });
      const main = await makeMain(server);
      const seen: unknown[] = [];
      for (const sent of [false, true]) {
        for (
          let step = sent && stride > 1 ? 2 : 1;
          await workAndDie(main, { kind: 'restore', step, sent });
          step += stride
        ) {
          seen.push(await bodies(main));
          await run(main, "DELETE FROM notes WHERE body <> 'first'");
          for (const copy of await provider.list(main)) await provider.discard(copy);
          expect(await residue(server, main)).toEqual([]);
        }
        expect(await bodies(main)).toEqual(['first']);
        for (const copy of await provider.list(main)) await provider.discard(copy);
      }
      for (const state of seen) expect([['first'], ['first', 'to be undone']]).toContainEqual(state);
      expect(seen.length).toBeGreaterThan(4);
    });

    it('keeps the checkpoints of a run whose process ended, and calls its branches leftovers', async () => {
      const provider = makers[name]({ folder });
      const main = await makeMain(server);
      await workAndDie(main, { kind: 'branch', label: 'of the run', run: 'run-1' });
      await workAndDie(main, { kind: 'branch', label: 'of a person' });
      const copies = await provider.list(main);
      const states = copies.map(({ label, state }) => [label, state]);
      expect(states).toEqual([
        ['base', 'ready'],
        ['of the run', 'leftover'],
        ['base', 'ready'],
        ['of a person', 'ready'],
      ]);
      for (const copy of copies) if (copy.label === 'of a person') expect(await bodies(copy.target)).toEqual(['first']);
      for (const copy of copies) await provider.discard(copy);
      expect(await residue(server, main)).toEqual([]);
    });
  },
);

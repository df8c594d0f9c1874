import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clone } from '../../src/providers/clone.ts';
import { wayIn } from '../../src/providers/clone/layers.ts';
import { copiesContract, providerContract } from '../contracts/provider.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { describeWithMounts, mountOverlay, mountXfs, type Mount } from './fixtures/mounts.ts';
import { postgresBench } from './fixtures/postgres-bench.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ settings: { autovacuum: 'off' } });
});
afterAll(() => server.stop());

// By a layer where this user may mount one, else byte by byte.
providerContract('clone on PostgreSQL 15', clone(), () => postgresBench({ server, provider: 'clone' }));

describe.each([
  ['by reflinks', 'reflink', mountXfs, ['mkfs.xfs']],
  ['byte by byte', 'copy', mountOverlay, []],
] as const)('clone %s', (how, way, mountIt, programs) => {
  describeWithMounts(`clone ${how}, on a file system of its own`, programs, () => {
    let mount: Mount;
    beforeAll(() => {
      mount = mountIt();
      // Private servers may run as another user, who only passes through.
      chmodSync(dirname(mount.folder), 0o711);
    });
    afterAll(() => mount.unmount());

    it('is the only way there', async () => {
      expect(await wayIn(mount.folder)).toBe(way);
    });

    copiesContract('clone', clone(), () => postgresBench({ server, provider: 'clone', parent: mount.folder }));
  });
});

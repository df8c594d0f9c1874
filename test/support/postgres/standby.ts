import { appendFile, chmod, chown, mkdtemp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import type { PostgresServer } from '../postgres.ts';
import { guard } from './guard.ts';
import { memory } from './initialised.ts';
import { freePort, start } from './launch.ts';
import { programs } from './programs.ts';

export interface Standby extends AsyncDisposable {
  /** Over TCP, as the superuser `postgres`. */
  url(database: string): string;
}

/** A standby that follows a server of version 15 by streaming. */
export async function startStandby(primary: PostgresServer): Promise<Standby> {
  const use = await programs(15);
  const folder = await mkdtemp(join(memory, 'forerun-test-standby-'));
  if (use.as.uid !== undefined) await chown(folder, use.as.uid, use.as.gid ?? use.as.uid);
  await chmod(folder, 0o700);
  const guarded = guard(use, folder);
  const data = join(folder, 'data');
  try {
    const address = ['-h', primary.socketFolder, '-p', String(primary.port), '-U', 'postgres'];
    const how = ['-D', data, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'];
    await execa(join(dirname(use.postgres), 'pg_basebackup'), [...address, ...how], { ...use.as, cwd: folder });
    const port = await freePort();
    await appendFile(join(data, 'postgresql.conf'), `\nport = ${port}\nunix_socket_directories = '${folder}'\n`);
    await start(use, folder);
    return {
      url: (database) => `postgres://postgres@127.0.0.1:${port}/${encodeURIComponent(database)}`,
      [Symbol.asyncDispose]: () => guarded.end(),
    };
  } catch (error) {
    await guarded.end();
    throw error;
  }
}

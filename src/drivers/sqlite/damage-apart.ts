import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Violation } from '../../seams/evidence.ts';
import { violationsIn } from './damage.ts';

/** A smaller file is checked sooner than a thread is started. */
const worthAThread = 16 * 1024 * 1024;

/**
 * Looks at every page of a large file in a thread of its own, so that this one goes on meanwhile. Undefined where that
 * is not worth it, or where it cannot be done there: without the functions that the schema calls, for example.
 */
export async function damageApart(path: string): Promise<readonly Violation[] | undefined> {
  if ((await stat(path)).size < worthAThread) return undefined;
  const client = createRequire(import.meta.url).resolve('better-sqlite3');
  const worker = new Worker(program, { eval: true, workerData: { client, path } });
  try {
    const [lines] = (await once(worker, 'message')) as [readonly string[]];
    return violationsIn(lines);
  } catch {
    // Whatever is wrong is met again, and told, where the check is made here.
    return undefined;
  } finally {
    await worker.terminate();
  }
}

const program = `
  const { parentPort, workerData } = require('node:worker_threads');
  const database = new (require(workerData.client))(workerData.path, { readonly: true, timeout: 0 });
  parentPort.postMessage(database.prepare('PRAGMA quick_check(10)').raw().all().flat());
  database.close();
`;

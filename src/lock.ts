import type { Run } from './run-log.ts';

/** One deployer at a time: waits for the other one, and says who it is. */
export async function takeLock(run: Run): Promise<AsyncDisposable> {
  const { driver, main, lockWaitMs } = run.setup;
  return driver.lock(main, {
    holder: { run: run.id, host: run.host, pid: process.pid, since: new Date().toISOString() },
    waitMs: lockWaitMs,
    signal: run.signal,
    waiting: (holder) => {
      run.emit({
        type: 'lock:waiting',
        ...(holder === undefined ? {} : { holder: `run ${holder.run}, process ${holder.pid} on ${holder.host}` }),
      });
    },
  });
}

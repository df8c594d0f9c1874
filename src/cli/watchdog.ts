import { Worker } from 'node:worker_threads';
import { lifelineFd } from './protocol.ts';

/**
 * Ends this process and its group as soon as the supervisor is gone, also while a statement blocks the event loop: the
 * thread has a loop of its own, and the pipe ends with the process that holds its other end.
 */
export function startWatchdog(): void {
  new Worker(program, {
    eval: true,
    workerData: { fd: lifelineFd },
    execArgv: [],
    env: {},
    stdout: false,
    stderr: false,
  }).unref();
}

/** Text, because a thread cannot be started from a TypeScript file, and this code also runs as such. */
const program = `
  const { Socket } = require('node:net');
  const { workerData } = require('node:worker_threads');
  const end = () => {
    try {
      process.kill(-process.pid, 'SIGKILL');
    } catch {
      process.kill(process.pid, 'SIGKILL');
    }
  };
  new Socket({ fd: workerData.fd, readable: true, writable: false }).on('error', end).on('close', end).resume();
`;

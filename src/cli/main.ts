#!/usr/bin/env node
import { needsWorker } from './request.ts';
import { startAhead } from './start-ahead.ts';
import { serveSupervisor } from './worker.ts';

// First of all, so that a worker is bound to the life of its supervisor.
const supervision = serveSupervisor();
if (supervision !== undefined) {
  const { serve } = await import('./serve.ts');
  await serve(supervision);
}
const args = process.argv.slice(2);
// Both processes start up side by side: the worker begins when the arguments have been read, and ends where they are wrong.
const ahead = needsWorker(args) ? startAhead() : undefined;
const { runProgram } = await import('./run-program.ts');
process.exitCode = await runProgram(args, ahead);
// A pool that a configuration opened and nobody closes must not hold this program up.
setTimeout(() => process.exit(), 500).unref();

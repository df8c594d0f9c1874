#!/usr/bin/env node
import { serveSupervisor } from './worker.ts';

// First of all, so that a worker is bound to the life of its supervisor.
const supervision = serveSupervisor();
const { runProgram } = await import('./run-program.ts');
process.exitCode = await runProgram(process.argv.slice(2), supervision);
// A pool that a configuration opened and nobody closes must not hold this program up.
setTimeout(() => process.exit(), 500).unref();

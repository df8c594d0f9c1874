#!/usr/bin/env node
// What Forerun runs inside a VM of vers.sh, on a SQLite file there. Nobody types this.
import { runAgent } from '../dist/src/drivers/sqlite-in-vm/agent.js';

runAgent(process.argv[2]);

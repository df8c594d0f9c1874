#!/usr/bin/env node
// Stands here, and not in dist, so that a clone has it before it is built.
import '../dist/src/cli/main.js';

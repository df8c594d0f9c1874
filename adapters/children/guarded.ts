import { guardHere } from './guard-env.ts';

// Loaded first in every program of Node that a rehearsal starts, and that those start.
await guardHere(process.env);

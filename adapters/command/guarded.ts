import { guardHere } from './guard.ts';

// Loaded first in every program of Node that a command under rehearsal consists of.
await guardHere(process.env);

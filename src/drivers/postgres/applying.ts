// What only a migration needs that is applied or looked at: who asks for the state of things does not wait for its loading.
export { comparePostgres } from './compare.ts';
export { damageOf } from './damage.ts';
export { observePostgres } from './observe.ts';
export { runCode } from './run-code.ts';
export { postgresScript } from './script.ts';
export { settle, undo, undoable } from './settle.ts';
export { circumstancesOf, unlikeMain } from './unlike-main.ts';

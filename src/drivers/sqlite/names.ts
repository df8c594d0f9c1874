/** Forerun's own tables: never part of a schema, a comparison or a digest. */
export const historyTable = '_schema_history';
export const textTable = '_forerun_texts';
export const journalTable = '_forerun_journal';

export const ownTables: readonly string[] = [historyTable, textTable, journalTable];

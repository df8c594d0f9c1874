import { given, options, tablespace, words, type Part } from './select.ts';

/**
 * Constraints of tables, each with what its index has of its own. Left out are those that stand elsewhere (of domains,
 * triggers, NOT NULL of columns) and foreign keys that follow from a parent's or a partition's: how the server numbers
 * their names depends on the order in which they were made.
 */
export const constraints: Part = () => `
  SELECT format('constraint %s.%I', r.name, c.conname) AS key,
         ${words(
           'pg_get_constraintdef(c.oid)',
           given('NOT c.conislocal', `'INHERITED'`),
           given('c.conislocal AND c.coninhcount > 0', `'INHERITED AND LOCAL'`),
           options('i.reloptions'),
           ...indexWords,
           given('off.conoid IS NOT NULL', `'NOT CHECKED BY ITS TRIGGERS'`),
         )} AS text
    FROM pg_catalog.pg_constraint AS c
    JOIN relations AS r ON r.oid = c.conrelid
    LEFT JOIN indexes AS i ON i.oid = c.conindid AND c.contype IN ('p', 'u', 'x')
    LEFT JOIN (SELECT DISTINCT tgconstraint AS conoid FROM pg_catalog.pg_trigger WHERE tgisinternal AND tgenabled <> 'O') AS off ON off.conoid = c.oid
   WHERE c.contype IN ('c', 'f', 'p', 'u', 'x') AND NOT (c.contype = 'f' AND c.conparentid <> 0)`;

/** Indexes that are not a constraint's. */
export const indexes: Part = () => `
  SELECT 'index ' || i.name AS key, ${words('pg_get_indexdef(i.oid)', ...indexWords)} AS text
    FROM indexes AS i
   WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS c WHERE c.conindid = i.oid AND c.conrelid = i.indrelid AND c.contype IN ('p', 'u', 'x'))`;

/** What `pg_get_indexdef` and `pg_get_constraintdef` do not say. Expects `indexes AS i`. */
const indexWords = [
  given('i.indisvalid = false', `'INVALID'`),
  given('i.indisready = false', `'NOT READY'`),
  given('i.indisclustered', `'CLUSTERED'`),
  given('i.indisreplident', `'REPLICA IDENTITY'`),
  `(SELECT format('ATTACHED TO %I.%I', n.nspname, p.relname)
      FROM pg_catalog.pg_inherits AS h
      JOIN pg_catalog.pg_class AS p ON p.oid = h.inhparent
      JOIN pg_catalog.pg_namespace AS n ON n.oid = p.relnamespace
     WHERE h.inhrelid = i.oid)`,
  tablespace('i.reltablespace'),
  `(SELECT 'STATISTICS ' || string_agg(a.attnum || ': ' || a.attstattarget, ', ' ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = i.oid AND a.attstattarget >= 0)`,
];

import { given, lines, owner, type Part } from './select.ts';

/** Sequences and what owns them; never the value they have reached. */
export const sequences: Part = () => `
  SELECT 'sequence ' || r.name AS key,
         ${lines(
           given(`r.relpersistence = 'u'`, `'UNLOGGED'`),
           `format('AS %s START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s', format_type(q.seqtypid, NULL), q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache)`,
           given('q.seqcycle', `'CYCLE'`),
           `(SELECT format(CASE d.deptype WHEN 'i' THEN 'IDENTITY OF %I.%I.%I' ELSE 'OWNED BY %I.%I.%I' END, n.nspname, t.relname, a.attname)
               FROM pg_catalog.pg_depend AS d
               JOIN pg_catalog.pg_class AS t ON t.oid = d.refobjid
               JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
               JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
              WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = r.oid AND d.deptype IN ('a', 'i')
                AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0)`,
           owner('r.relowner'),
         )} AS text
    FROM relations AS r JOIN pg_catalog.pg_sequence AS q ON q.seqrelid = r.oid`;

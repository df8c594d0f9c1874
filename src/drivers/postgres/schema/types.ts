import { collation } from './columns.ts';
import { firstOfUsers, given, lines, notMember, owner, type Part, words } from './select.ts';

export const enums: Part = () => `
  SELECT 'enum ' || ${name} AS key,
         ${lines(
           `(SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = t.oid)`,
           owner('t.typowner'),
         )} AS text
    FROM ${types}
   WHERE t.typtype = 'e'`;

export const domains: Part = () => `
  SELECT 'domain ' || ${name} AS key,
         ${lines(
           words(
             'format_type(t.typbasetype, t.typtypmod)',
             given(
               't.typcollation <> (SELECT b.typcollation FROM pg_catalog.pg_type AS b WHERE b.oid = t.typbasetype)',
               collation('t.typcollation'),
             ),
             `'DEFAULT ' || coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault))`,
             given('t.typnotnull', `'NOT NULL'`),
           ),
           `(SELECT string_agg(format('CONSTRAINT %I %s', c.conname, pg_get_constraintdef(c.oid)), E'\\n' ORDER BY c.conname)
               FROM pg_catalog.pg_constraint AS c WHERE c.contypid = t.oid AND c.contype = 'c')`,
           owner('t.typowner'),
         )} AS text
    FROM ${types}
   WHERE t.typtype = 'd'`;

export const ranges: Part = () => `
  SELECT 'range ' || ${name} AS key,
         ${lines(
           words(
             `'OF ' || format_type(r.rngsubtype, NULL)`,
             given(
               'r.rngcollation NOT IN (0, (SELECT b.typcollation FROM pg_catalog.pg_type AS b WHERE b.oid = r.rngsubtype))',
               collation('r.rngcollation'),
             ),
             `(SELECT format('OPERATOR CLASS %I.%I', n.nspname, o.opcname) FROM pg_catalog.pg_opclass AS o JOIN pg_catalog.pg_namespace AS n ON n.oid = o.opcnamespace WHERE o.oid = r.rngsubopc)`,
             given('r.rngcanonical <> 0', `'CANONICAL ' || r.rngcanonical::regprocedure::text`),
             given('r.rngsubdiff <> 0', `'DIFFERENCE ' || r.rngsubdiff::regprocedure::text`),
           ),
           `'MULTIRANGE ' || format_type(r.rngmultitypid, NULL)`,
           owner('t.typowner'),
         )} AS text
    FROM ${types}
    JOIN pg_catalog.pg_range AS r ON r.rngtypid = t.oid`;

/** Types with functions of their own, and those that are only announced. */
export const baseTypes: Part = () => `
  SELECT 'type ' || ${name} AS key,
         ${lines(
           given('NOT t.typisdefined', `'ANNOUNCED'`),
           `format('INPUT %s OUTPUT %s RECEIVE %s SEND %s MODIFIERS %s %s ANALYZE %s', t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typanalyze)`,
           `format('LENGTH %s BY VALUE %s ALIGNMENT %s STORAGE %s CATEGORY %s PREFERRED %s DELIMITER %s ELEMENT %s', t.typlen, t.typbyval, t.typalign, t.typstorage, t.typcategory, t.typispreferred, t.typdelim, format_type(nullif(t.typelem, 0), NULL))`,
           given('t.typcollation <> 0', collation('t.typcollation')),
           `'DEFAULT ' || quote_literal(t.typdefault)`,
           owner('t.typowner'),
         )} AS text
    FROM ${types}
   WHERE t.typtype IN ('b', 'p') AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS e WHERE e.oid = t.typelem AND e.typarray = t.oid)`;

const name = `format('%I.%I', s.nspname, t.typname)`;

/** Ends in a condition. Types that a table, view or composite type brings with it are not among them. */
const types = `pg_catalog.pg_type AS t JOIN spaces AS s ON s.oid = t.typnamespace AND t.oid >= ${firstOfUsers} AND ${notMember('pg_type', 't.oid')}`;

import { firing, given, lines, notMember, owner, sortedList, words, type Part } from './select.ts';

/** Schemas, save those that an extension made. */
export const schemas: Part = () => `
  SELECT 'schema ' || quote_ident(s.nspname) AS key, ${owner('s.nspowner')} AS text
    FROM spaces AS s WHERE ${notMember('pg_namespace', 's.oid')}`;

/** Who owns an extension is not said: a restored one belongs to who restored it. */
export const extensions: Part = () => `
  SELECT 'extension ' || quote_ident(e.extname) AS key, format('VERSION %L SCHEMA %I', e.extversion, n.nspname) AS text
    FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace`;

/** The version of the library that a collation was made with is not said: a restored one has the library's own. */
export const collations: Part = (version) => `
  SELECT format('collation %I.%I', s.nspname, c.collname) AS key,
         ${lines(
           words(
             `'PROVIDER ' || c.collprovider::text`,
             given('NOT c.collisdeterministic', `'NOT DETERMINISTIC'`),
             given('c.collencoding <> -1', `'ENCODING ' || pg_encoding_to_char(c.collencoding)`),
             `'COLLATE ' || quote_literal(c.collcollate)`,
             `'TYPE ' || quote_literal(c.collctype)`,
             ...(version < 150_000
               ? []
               : [`'LOCALE ' || quote_literal(c.${version < 170_000 ? 'colliculocale' : 'colllocale'})`]),
             ...(version < 160_000 ? [] : [`'RULES ' || quote_literal(c.collicurules)`]),
           ),
           owner('c.collowner'),
         )} AS text
    FROM pg_catalog.pg_collation AS c JOIN spaces AS s ON s.oid = c.collnamespace
   WHERE ${notMember('pg_collation', 'c.oid')}`;

export const eventTriggers: Part = () => `
  SELECT 'event trigger ' || quote_ident(e.evtname) AS key,
         ${words(
           `'ON ' || e.evtevent`,
           `'WHEN TAG IN (' || (SELECT ${sortedList('tag')} FROM unnest(e.evttags) AS tag) || ')'`,
           `'EXECUTE ' || e.evtfoid::regprocedure::text`,
           firing('e.evtenabled'),
           owner('e.evtowner'),
         )} AS text
    FROM pg_catalog.pg_event_trigger AS e
   WHERE ${notMember('pg_event_trigger', 'e.oid')}`;

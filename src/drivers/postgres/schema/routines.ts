import { firstOfUsers, given, lines, notMember, owner, words, type Part } from './select.ts';

/** Functions and procedures, in the server's own words. */
export const functions: Part = () => `
  SELECT CASE f.prokind WHEN 'p' THEN 'procedure ' ELSE 'function ' END || ${signature} AS key,
         ${lines(`rtrim(pg_get_functiondef(f.oid), E'\\n')`, owner('f.proowner'))} AS text
    FROM pg_catalog.pg_proc AS f JOIN spaces AS s ON s.oid = f.pronamespace
   WHERE f.prokind <> 'a' AND ${ofNobody}`;

export const aggregates: Part = () => `
  SELECT 'aggregate ' || ${signature} AS key,
         ${lines(
           words(
             `'(' || pg_get_function_arguments(f.oid) || ') RETURNS'`,
             'format_type(f.prorettype, NULL)',
             `'PARALLEL ' || f.proparallel::text`,
             `'KIND ' || a.aggkind::text`,
           ),
           step('', 'a.aggtransfn', 'a.aggtranstype', 'a.aggtransspace', 'a.agginitval'),
           final('', 'a.aggfinalfn', 'a.aggfinalextra', 'a.aggfinalmodify'),
           given(
             'a.aggmtransfn <> 0',
             step('MOVING ', 'a.aggmtransfn', 'a.aggmtranstype', 'a.aggmtransspace', 'a.aggminitval'),
           ),
           given('a.aggmtransfn <> 0', words(`'INVERSE'`, 'a.aggminvtransfn::regprocedure')),
           final('MOVING ', 'a.aggmfinalfn', 'a.aggmfinalextra', 'a.aggmfinalmodify'),
           given('a.aggcombinefn <> 0', words(`'COMBINE'`, 'a.aggcombinefn::regprocedure')),
           given(
             'a.aggserialfn <> 0',
             words(`'SERIAL'`, 'a.aggserialfn::regprocedure', 'a.aggdeserialfn::regprocedure'),
           ),
           given('a.aggsortop <> 0', words(`'SORT'`, 'a.aggsortop::regoperator')),
           owner('f.proowner'),
         )} AS text
    FROM pg_catalog.pg_aggregate AS a
    JOIN pg_catalog.pg_proc AS f ON f.oid = a.aggfnoid
    JOIN spaces AS s ON s.oid = f.pronamespace
   WHERE ${ofNobody}`;

const signature = `format('%I.%I(%s)', s.nspname, f.proname, oidvectortypes(f.proargtypes))`;

const ofNobody = `f.oid >= ${firstOfUsers} AND ${notMember('pg_proc', 'f.oid')}`;

function step(kind: string, transition: string, type: string, space: string, initial: string): string {
  return words(
    `'${kind}STEP'`,
    `${transition}::regprocedure`,
    `format_type(${type}, NULL)`,
    given(`${space} <> 0`, space),
    `'FROM ' || quote_literal(${initial})`,
  );
}

function final(kind: string, called: string, extra: string, modify: string): string {
  return given(`${called} <> 0`, words(`'${kind}FINAL'`, `${called}::regprocedure`, given(extra, `'EXTRA'`), modify));
}

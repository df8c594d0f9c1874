import { firing, given, owner, sortedList, words, type Part } from './select.ts';

/** Triggers that people made; those that enforce foreign keys are the constraint's. */
export const triggers: Part = () => `
  SELECT format('trigger %s.%I', r.name, t.tgname) AS key,
         ${words('pg_get_triggerdef(t.oid)', firing('t.tgenabled'), given('t.tgparentid <> 0', `'INHERITED'`))} AS text
    FROM pg_catalog.pg_trigger AS t JOIN relations AS r ON r.oid = t.tgrelid
   WHERE NOT t.tgisinternal OR (t.tgparentid <> 0 AND t.tgconstraint = 0)`;

/** Rules, save those that views are made of. */
export const rules: Part = () => `
  SELECT format('rule %s.%I', r.name, u.rulename) AS key,
         ${words('pg_get_ruledef(u.oid)', firing('u.ev_enabled'))} AS text
    FROM pg_catalog.pg_rewrite AS u JOIN relations AS r ON r.oid = u.ev_class
   WHERE NOT (u.rulename = '_RETURN' AND r.relkind IN ('v', 'm'))`;

export const policies: Part = () => `
  SELECT format('policy %s.%I', r.name, p.polname) AS key,
         ${words(
           `CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END`,
           `'FOR ' || CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END`,
           `'TO ' || (SELECT ${sortedList(`CASE role WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END`)} FROM unnest(p.polroles) AS role)`,
           `'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')'`,
           `'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'`,
         )} AS text
    FROM pg_catalog.pg_policy AS p JOIN relations AS r ON r.oid = p.polrelid`;

/** From the catalog: the server's own words are meant for people, and leave parentheses out. */
export const statistics: Part = () => `
  SELECT format('statistics %I.%I', s.nspname, x.stxname) AS key,
         ${words(
           `'(' || array_to_string(x.stxkind::text[], ', ') || ') ON'`,
           `nullif(concat_ws(', ',
              (SELECT ${sortedList('quote_ident(a.attname)')} FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = x.stxrelid AND a.attnum = ANY (x.stxkeys)),
              pg_get_expr(x.stxexprs, x.stxrelid)), '')`,
           `'FROM ' || r.name`,
           `'STATISTICS ' || nullif(x.stxstattarget, -1)`,
           owner('x.stxowner'),
         )} AS text
    FROM pg_catalog.pg_statistic_ext AS x
    JOIN spaces AS s ON s.oid = x.stxnamespace
    JOIN relations AS r ON r.oid = x.stxrelid`;

import { firstOfUsers, type Part } from './select.ts';

/** Comments on anything but the system's and extensions' own objects, as quoted text. */
export const comments: Part = () => `
  SELECT 'comment on ' || i.type || ' ' || i.identity AS key, quote_literal(d.description) AS text
    FROM pg_catalog.pg_description AS d
   CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) AS i
   WHERE (d.objoid >= ${firstOfUsers} OR (d.classoid = 'pg_catalog.pg_namespace'::regclass AND d.objoid = ${publicSchema}))
     AND i.identity !~ '(^| on |for )pg_temp'
     AND NOT EXISTS (SELECT FROM members WHERE members.classid = d.classoid AND members.objid = d.objoid)`;

/** One schema of those that are made with the cluster is the users'. */
const publicSchema = 2200;

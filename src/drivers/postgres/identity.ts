import type { Session } from '../../seams/driver.ts';

/**
 * The cluster's own identifier and the database's name in it: the same by whatever address, after a restart, on a standby
 * that took over, and once a checkpoint was restored under that name. A copy in the cluster has another name, and so has
 * a copy of the whole cluster.
 */
export async function identityOf(session: Session): Promise<string> {
  const [row] = await session.query(
    `SELECT (pg_control_system()).system_identifier::text AS system,
            current_database()::text AS name,
            CASE WHEN current_setting('cluster_name') LIKE 'forerun:%' THEN current_setting('cluster_name') END AS copy`,
  );
  const copy = row?.['copy'];
  return `postgres:${String(row?.['system'])}/${String(row?.['name'])}${typeof copy === 'string' ? `/${copy}` : ''}`;
}

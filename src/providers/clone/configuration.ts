import { totalmem } from 'node:os';
import type { Session } from '../../seams/driver.ts';

/**
 * Main's settings that a private server shall have: all that its configuration sets, so that plans and times are alike,
 * without those that reach out of the server, name files, or belong to what is not there.
 */
export async function settingsOf(session: Session, keep: readonly string[]): Promise<Record<string, string>> {
  const rows = await session.query(
    `SELECT name, current_setting(name) AS value, setting FROM pg_settings
    WHERE source IN ('configuration file', 'command line', 'environment variable') OR name = 'shared_preload_libraries'`,
  );
  const settings: Record<string, string> = {};
  for (const row of rows) {
    const name = String(row['name']);
    const value = String(row['value']);
    if (name === 'shared_preload_libraries') settings[name] = filtered(value, keep);
    else if (name === 'shared_buffers') settings[name] = `${capped(Number(row['setting']) * 8)}kB`;
    else if (!unfit.test(name)) settings[name] = value;
  }
  return settings;
}

/**
 * Addresses, files, replication and archives under production's names; a commit that waits for a standby would wait
 * for ever. Names with a dot belong to libraries, which may not be loaded.
 */
const unfit =
  /\.|^(?:listen_|port$|unix_socket|ssl|krb_|gss_|bonjour|archive|restore_command|recovery_|primary_|promote_|standby|hot_standby|sync(?:hronous|hronized)_standby|synchronized_|summarize_|data_directory|config_file|hba_file|ident_file|external_pid|log_|logging|syslog|event_source|session_preload|local_preload|cluster_name|max_(?:logical|wal_senders|slot_wal|replication|sync_workers|active_replication)|wal_(?:keep|sender|receiver|log_hints)|fsync|full_page|huge_page|shared_memory|dynamic_shared|min_dynamic|stats_temp|temp_tablespaces|default_tablespace|superuser_reserved|reserved_|idle_replication|oauth|io_method|vacuum_defer|track_commit_timestamp|authentication_timeout|db_user|pre_auth|restart_after|remove_temp|in_hot)/;

/** Libraries that do no work of their own in the background: no jobs, no replication. */
const harmless = ['pg_stat_statements', 'auto_explain', 'pgaudit', 'pg_hint_plan', 'plpgsql_check', 'set_user'];

function filtered(libraries: string, keep: readonly string[]): string {
  const names = libraries.split(',').map((name) => name.trim().replaceAll('"', ''));
  return names.filter((name) => harmless.includes(name) || keep.includes(name)).join(',');
}

/** In kB. Several servers may run at once on a machine that is not main's. */
function capped(kilobytes: number): number {
  return Math.max(128, Math.min(kilobytes, Math.floor(totalmem() / 1024 / 8)));
}

/** postgresql.conf of a private server. Nothing is archived, replicated, listened to or flushed for anybody else. */
export function configuration(
  settings: Readonly<Record<string, string>>,
  own: { readonly id: string; readonly socket: string; readonly hba: string },
): string {
  const all = {
    ...settings,
    listen_addresses: '',
    port: '5432',
    unix_socket_directories: own.socket,
    unix_socket_permissions: '0700',
    hba_file: own.hba,
    cluster_name: `forerun:${own.id}`,
    archive_mode: 'off',
    max_logical_replication_workers: '0',
    max_wal_senders: '0',
    primary_conninfo: '',
    ssl: 'off',
    logging_collector: 'off',
    // A crash loses a branch, which is thrown away anyhow; flushing would copy a base's files up into an overlay.
    fsync: 'off',
    full_page_writes: 'off',
    autovacuum_naptime: '1h',
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  return `${lines.join('\n')}\n`;
}

/** The socket's folder is its owner's alone, so whoever gets there may be anybody. */
export const hbaRules = 'local all all trust\n';

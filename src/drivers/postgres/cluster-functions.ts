/** Functions whose effect goes beyond the database that they are called in, and what they do, as `name() …`. */
const effects: readonly (readonly [names: RegExp, effect: string])[] = [
  [/^dblink(?:_exec|_connect(?:_u)?|_open|_send_query)?$/, 'acts on another database'],
  [/^pg_(?:terminate|cancel)_backend$/, 'ends the work of other sessions'],
  [/^pg_(?:reload_conf|rotate_logfile|promote|switch_wal|create_restore_point)$/, 'acts on the whole server'],
  [
    /^pg_(?:start_backup|stop_backup|backup_start|backup_stop|wal_replay_pause|wal_replay_resume)$/,
    'acts on the whole server',
  ],
  [/^pg_(?:create|copy)_(?:logical|physical)_replication_slot$/, 'makes a replication slot of the server'],
  [
    /^pg_(?:drop_replication_slot|replication_slot_advance|sync_replication_slots)$/,
    'changes a replication slot of the server',
  ],
  [/^pg_logical_slot_get_(?:binary_)?changes$/, 'moves a replication slot of the server on'],
  [/^pg_logical_emit_message$/, 'sends a message to everything that decodes the log'],
  [
    /^pg_replication_origin_(?:create|drop|advance|session_setup|session_reset)$/,
    'changes a replication origin of the server',
  ],
  [
    /^pg_stat_reset_(?:shared|slru|replication_slot|subscription_stats|backend_stats)$|^pg_stat_statements_reset$/,
    'resets statistics of the whole server',
  ],
  [/^(?:lo_export|pg_file_(?:write|rename|unlink|sync))$/, 'writes files of the server'],
  [/^(?:http|http_(?:get|post|put|patch|delete|head))$/, 'calls another service'],
  [/^query_export_to_s3$/, 'writes to another service'],
];

/** Names that are too common to be known without their schema. */
const inSchema: Readonly<Record<string, RegExp>> = {
  net: /^http_(?:get|post|delete)$/,
  aws_lambda: /^invoke$/,
  cron: /^(?:schedule|schedule_in_database|unschedule|alter_job)$/,
};

/** Undefined for every other function. */
export function effectOf(schema: string | undefined, name: string): string | undefined {
  if (schema !== undefined && inSchema[schema]?.test(name) === true) {
    return schema === 'cron' ? 'changes jobs of the server' : 'calls another service';
  }
  return effects.find(([names]) => names.test(name))?.[1];
}

/** Catalogs that all databases of a cluster share. */
export const sharedCatalogs: readonly string[] = [
  'pg_authid',
  'pg_auth_members',
  'pg_database',
  'pg_db_role_setting',
  'pg_parameter_acl',
  'pg_replication_origin',
  'pg_shdepend',
  'pg_shdescription',
  'pg_shseclabel',
  'pg_subscription',
  'pg_tablespace',
];

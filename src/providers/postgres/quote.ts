/** For statements that take no parameters. The session must have `standard_conforming_strings` on. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * The value of a stored setting as `SET … TO` takes it. A few settings are lists of names, stored with the quotes that
 * they need: given as one literal they would become one name.
 */
export function settingValue(name: string, stored: string): string {
  if (!lists.has(name.toLowerCase())) return quoteLiteral(stored);
  const names = [...stored.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/g)].map(
    ([bare, quoted]) => quoted?.replaceAll('""', '"') ?? bare,
  );
  return names.length === 0 ? "''" : names.map(quoteLiteral).join(', ');
}

/** Those that PostgreSQL marks GUC_LIST_QUOTE. */
const lists: ReadonlySet<string> = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

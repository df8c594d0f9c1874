/** What the name of a file says that it is. */
export interface Form {
  readonly style: 'number' | 'v' | 'pair';
  readonly role: 'up' | 'down';
  /** Leading number or numbers, as written. */
  readonly version: string;
  /** What the history will call it. */
  readonly name: string;
}

/**
 * Recognises the name of a file: `001_name.sql` and `<timestamp>_name.sql`, `V1__name.sql` with `U1__name.sql`,
 * `001_name.up.sql` with `001_name.down.sql`. Undefined where it fits none. A dot is never part of a name, since what
 * follows one (`001_name.rollback.sql`) is a role, and an unknown role must not run as an up.
 */
export function formOfFile(file: string): Form | undefined {
  const versioned = /^([VU])(\d+(?:[._]\d+)*)__[^.\p{Cc}]+(?=\.sql$)/u.exec(file);
  if (versioned?.[2]) {
    const role = versioned[1] === 'V' ? 'up' : 'down';
    return { style: 'v', role, version: versioned[2], name: versioned[0] };
  }
  const numbered = /^(\d+(?:-\d+)*)_[^.\p{Cc}]+(?=\.sql$)/u.exec(file);
  if (numbered?.[1]) return { style: 'number', role: 'up', version: numbered[1], name: numbered[0] };
  const half = /^((\d+(?:-\d+)*(?=[_.])|\d+)[^.\p{Cc}]*)\.(up|down)\.sql$/u.exec(file);
  if (half?.[1] && half[2]) {
    return { style: 'pair', role: half[3] === 'up' ? 'up' : 'down', version: half[2], name: half[1] };
  }
  return undefined;
}

/** The version of a folder such as `001_name`, which holds `up.sql` and may hold `down.sql`. */
export function versionOfFolder(folder: string): string | undefined {
  return /^(\d+(?:-\d+)*)_[^\p{Cc}]+(?<!\.sql)$/iu.exec(folder)?.[1];
}

/** What clearly is no migration. Anything else that looks like one must fit a form. */
export function isIgnored(name: string, kind: 'file' | 'folder'): boolean {
  if (name.startsWith('.')) return true;
  if (kind === 'folder') return name.startsWith('_');
  if (name.endsWith('~')) return true;
  if (/\.sql/i.test(name)) return false;
  return /^readme/i.test(name) || /\.(?:md|markdown|txt|rst|adoc)$/i.test(name) || !/^[VUR]?\d/i.test(name);
}

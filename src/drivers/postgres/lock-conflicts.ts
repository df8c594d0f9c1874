/** The lock modes of tables, weakest first, as `pg_locks` and `LOCK TABLE` call them. */
export const lockModes = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const;

export type LockMode = (typeof lockModes)[number];

/** What a SELECT takes, and what INSERT, UPDATE, DELETE and MERGE take. */
export const readMode: LockMode = 'ACCESS SHARE';
export const writeMode: LockMode = 'ROW EXCLUSIVE';

/** From `AccessShareLock` to `ACCESS SHARE`. */
export function lockModeOf(name: string): LockMode | undefined {
  const words = name.replace(/Lock$/, '').replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ');
  return lockModes.find((mode) => mode === words.toUpperCase());
}

/** Whether a session that holds one mode keeps another session from taking the other. */
export function conflicts(held: LockMode, wanted: LockMode): boolean {
  return conflicting[held].includes(wanted);
}

/** Whether a mode keeps others from all that the other mode keeps them from, and more. */
export function isStronger(mode: LockMode, other: LockMode): boolean {
  return (
    conflicting[mode].length > conflicting[other].length &&
    conflicting[other].every((wanted) => conflicts(mode, wanted))
  );
}

/** The table of conflicting lock modes in PostgreSQL's documentation, "Explicit Locking". */
const conflicting: Readonly<Record<LockMode, readonly LockMode[]>> = {
  'ACCESS SHARE': lockModes.slice(7),
  'ROW SHARE': lockModes.slice(6),
  'ROW EXCLUSIVE': lockModes.slice(4),
  'SHARE UPDATE EXCLUSIVE': lockModes.slice(3),
  SHARE: lockModes.filter((_, at) => at === 2 || at === 3 || at >= 5),
  'SHARE ROW EXCLUSIVE': lockModes.slice(2),
  EXCLUSIVE: lockModes.slice(1),
  'ACCESS EXCLUSIVE': lockModes,
};

import { execFileSync } from 'node:child_process';
import { cpus, tmpdir, totalmem } from 'node:os';
import Database from 'better-sqlite3';

/** The machine on one line: ratios travel, times do not. */
export function machineLine(): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GiB`;
  return `${cpu?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${memory}, ${fileSystem(tmpdir())}, Node ${process.versions.node}, SQLite ${sqliteVersion()}`;
}

function fileSystem(folder: string): string {
  try {
    return (
      execFileSync('df', ['--output=fstype', folder], { encoding: 'utf8' }).trim().split('\n').at(-1) ??
      'unknown file system'
    );
  } catch {
    return `${process.platform}'s file system`;
  }
}

function sqliteVersion(): string {
  const database = new Database(':memory:');
  const version = database.prepare('SELECT sqlite_version()').pluck().get();
  database.close();
  return String(version);
}

// Part of a stand-in for Vers, for tests alone: its aliases, which are one user's own on one machine.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export function resolveAlias(name) {
  return readAliases()[name] ?? name;
}

export function readAliases() {
  const file = aliasFile();
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

/** Without a lock. */
export function setAlias(alias, vm) {
  mkdirSync(join(aliasFile(), '..'), { recursive: true });
  writeFileSync(aliasFile(), JSON.stringify({ ...readAliases(), [alias]: vm }));
}

function aliasFile() {
  return join(process.env.HOME ?? homedir(), '.vers', 'aliases.json');
}

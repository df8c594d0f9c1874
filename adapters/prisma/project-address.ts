import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ForerunError } from '../../src/error.ts';
import { driverAddress } from './address.ts';
import { unsetIn } from './config-words.ts';
import type { Setting } from './datasource.ts';
import { variableOf } from './environment.ts';
import type { Project } from './project.ts';
import { engineOf } from './provider.ts';
import { refuseMisspelt, unreadable } from './misspelt.ts';

/**
 * The address that Prisma's own commands go to: `directUrl` before `url`, the configuration's before the schema's.
 * Undefined where the files name none, as with a driver adapter. Throws `CONFIG` where it is to come from a variable that
 * is not set.
 */
export function addressOfProject(project: Project): string | undefined {
  const engine = engineOf(project);
  const { config, schema } = project;
  const inConfig = config?.directUrl ?? config?.url;
  if (config !== undefined && inConfig !== undefined) {
    const variable = unsetIn(inConfig);
    if (variable !== undefined) throw unset(variable, config.file);
    refuseMisspelt(engine, inConfig, config.file);
    return driverAddress(inConfig, isOld(project.root) ? dirname(schema.file) : dirname(config.file));
  }
  const { directUrl, url, malformed } = schema.datasource;
  if (malformed !== undefined) throw unreadable(malformed, schema.file);
  const setting = directUrl ?? url;
  if (setting === undefined) return undefined;
  const value = valueOf(project, setting);
  refuseMisspelt(engine, value, 'variable' in setting ? `${setting.variable}, for ${schema.file},` : schema.file);
  return driverAddress(value, dirname(schema.file));
}

/** With a configuration, Prisma reads no `.env`: that is the configuration's own affair. */
function valueOf({ root, config, schema }: Project, setting: Setting): string {
  if ('text' in setting) return setting.text;
  const folders = config === undefined ? [root, schema.folder] : [];
  const value = variableOf(setting.variable, folders);
  if (value === undefined) throw unset(setting.variable, schema.file, config?.file);
  return value;
}

/** From version 7 on, a path in the configuration is relative to it; before, to the schema, wherever it stands. */
function isOld(root: string): boolean {
  const version = installed(root) ?? wanted(root);
  return version !== undefined && Number(/\d+/.exec(version)?.[0] ?? 7) < 7;
}

function installed(root: string): string | undefined {
  try {
    const file = createRequire(join(root, 'package.json')).resolve('prisma/package.json');
    return (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version;
  } catch {
    return undefined;
  }
}

function wanted(root: string): string | undefined {
  try {
    const content = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
    const groups = [content['devDependencies'], content['dependencies']] as (Record<string, string> | undefined)[];
    return groups.map((group) => group?.['prisma']).find((range) => range !== undefined);
  } catch {
    return undefined;
  }
}

function unset(variable: string, file: string, config?: string): ForerunError<'CONFIG'> {
  const why =
    config === undefined ? '' : ` With ${config} Prisma reads no .env by itself; import 'dotenv/config' there does.`;
  return new ForerunError('CONFIG', `${file} takes the database's address from ${variable}, which is not set.${why}`, {
    details: { keys: ['database'], file },
    next: `Set ${variable}, or give --database.`,
  });
}

import { ownModule } from '../../src/own-package.ts';
import type { ChildPlace } from '../children/children.ts';
import { madeBy } from '../children/made.ts';
import type { Place as Made } from '../children/registry.ts';
import type { Sought } from './find.ts';
import type { KnexOptions } from './options.ts';
import type { KnexProject } from './project.ts';

/** How a child process comes to the same project; undefined where it cannot. */
export function childOf(
  project: KnexProject,
  options: KnexOptions,
  root: string,
  made: Made,
): Pick<ChildPlace, 'finder' | 'what'> | undefined {
  const { knex, module, knexfile, environment } = options;
  if (knex !== undefined && module !== undefined) return madeBy('safeKnex', module, made);
  const finder = ownModule('adapters/knex/find');
  if (knex === undefined) {
    const what: Sought = {
      root,
      ...(knexfile === undefined ? {} : { knexfile }),
      ...(environment === undefined ? {} : { environment }),
    };
    return { finder, what };
  }
  // Not the connection, which may hold a password: arguments of a process can be read by others.
  const { connection: _connection, ...config } = project.config;
  if (!isPlain(config)) return undefined;
  const what: Sought = { root, base: project.base, config };
  return { finder, what };
}

/** Whether it is the same when it has been written as JSON. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null)
    return ['string', 'number', 'boolean', 'undefined'].includes(typeof value) || value === null;
  if (Array.isArray(value)) return value.every(isPlain);
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isPlain);
}

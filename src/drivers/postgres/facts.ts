import type { CreateFunctionStmt } from 'libpg-query';
import { as, stringsOf } from './nodes.ts';
import { parse } from './parser.ts';
import { canBeSame, nameIn, nameOf, shown, type QualifiedName } from './qualified-name.ts';
import type { Statement } from './statements.ts';

/**
 * What a text alone does not tell. `wanted` in `wanted.ts` says which names a script asks about; whatever is absent is
 * judged with care.
 */
export interface Facts {
  /** Major version of the server. @default 14 */
  readonly version?: number;
  /** `pg_get_functiondef` of every function and procedure of that name that is written in SQL or PL/pgSQL. */
  routines?(name: QualifiedName): readonly string[];
  /** `pg_class.relkind`: `p` and `I` are partitioned, `f` is foreign. */
  relationKind?(name: QualifiedName): string | undefined;
}

export interface Routine {
  readonly name: QualifiedName;
  /** The whole CREATE FUNCTION. */
  readonly definition: string;
  readonly create: CreateFunctionStmt;
}

/** Adds what the script itself creates, which the database does not have yet. */
export class Known {
  readonly version: number;
  readonly #facts: Facts;
  readonly #routines: readonly Routine[];
  readonly #partitioned: readonly QualifiedName[];
  readonly #foreign: readonly QualifiedName[];
  readonly #found: Map<string, readonly Routine[]> = new Map();

  constructor(script: readonly Statement[], facts: Facts = {}) {
    this.version = facts.version ?? 14;
    this.#facts = facts;
    this.#routines = script.flatMap(({ node, sql }) => routineOf(as('CreateFunctionStmt', node), sql) ?? []);
    this.#partitioned = script.flatMap(({ node }) => {
      const create = as('CreateStmt', node);
      return create?.partspec === undefined ? [] : [nameOf(create.relation)];
    });
    this.#foreign = script.flatMap(({ node }) => {
      const create = as('CreateForeignTableStmt', node);
      return create === undefined ? [] : [nameOf(create.base?.relation)];
    });
  }

  routines(name: QualifiedName): readonly Routine[] {
    const created = this.#routines.filter((routine) => canBeSame(routine.name, name));
    return created.length > 0 ? created : this.#inDatabase(name);
  }

  #inDatabase(name: QualifiedName): readonly Routine[] {
    const key = shown(name);
    const found = this.#found.get(key) ?? (this.#facts.routines?.(name) ?? []).flatMap((sql) => inDatabase(sql) ?? []);
    this.#found.set(key, found);
    return found;
  }

  isPartitioned(name: QualifiedName): boolean {
    if (this.#partitioned.some((other) => canBeSame(other, name))) return true;
    return ['p', 'I'].includes(this.#facts.relationKind?.(name) ?? '');
  }

  isForeign(name: QualifiedName): boolean {
    return this.#foreign.some((other) => canBeSame(other, name)) || this.#facts.relationKind?.(name) === 'f';
  }
}

function routineOf(create: CreateFunctionStmt | undefined, definition: string): Routine | undefined {
  return create === undefined ? undefined : { name: nameIn(stringsOf(create.funcname)), definition, create };
}

function inDatabase(definition: string): Routine | undefined {
  const parsed = parse(definition);
  const first = 'unreadable' in parsed ? undefined : parsed.statements[0]?.stmt;
  return routineOf(as('CreateFunctionStmt', first), definition);
}

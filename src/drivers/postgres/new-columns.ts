import { everyPart } from './nodes.ts';

/**
 * Columns of NEW that a trigger function in PL/pgSQL gives a value, from its tree: by assignment, INTO, a loop or GET
 * DIAGNOSTICS. `*` where it gives all of them, or returns another row than NEW and OLD.
 */
export function newColumns(tree: object): readonly string[] {
  const columns = new Set<string>();
  for (const [, { PLpgSQL_function: routine }] of everyPart(tree)) {
    if (routine === undefined) continue;
    const { datums = [], action, new_varno: own = 0, old_varno: old } = routine as Routine;
    for (const target of targetsIn(action ?? {})) {
      const field = datums[target]?.PLpgSQL_recfield;
      if (target === own) columns.add('*');
      else if (field !== undefined && (field.recparentno ?? 0) === own) columns.add(field.fieldname);
    }
    if (returnsAnother(action ?? {}, [own, old])) columns.add('*');
  }
  return [...columns];
}

/** Numbers that are 0 are left out of the tree. */
interface Routine {
  readonly datums?: readonly {
    readonly PLpgSQL_recfield?: { readonly fieldname: string; readonly recparentno?: number };
  }[];
  readonly action?: object;
  readonly new_varno?: number;
  readonly old_varno?: number;
}

/** Numbers of the variables that statements give a value. */
function* targetsIn(action: object): Iterable<number> {
  for (const [name, part] of everyPart(action)) {
    if (name === 'PLpgSQL_stmt_assign' || name === 'PLpgSQL_stmt_foreach_a') yield numberOf(part['varno']);
    if (name === 'PLpgSQL_diag_item') yield numberOf(part['target']);
    // INTO and loops name a whole record, or a row of several variables.
    if (name === 'PLpgSQL_rec') yield numberOf(part['dno']);
    if (name === 'PLpgSQL_row') for (const field of rowOf(part)) yield numberOf(field.varno);
  }
}

function rowOf({ fields = [] }: Readonly<Record<string, unknown>>): readonly { readonly varno?: number }[] {
  return fields as readonly { readonly varno?: number }[];
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** RETURN NULL keeps the row from being written. */
function returnsAnother(action: object, known: readonly (number | undefined)[]): boolean {
  for (const [name, { expr, retvarno }] of everyPart(action)) {
    if (name !== 'PLpgSQL_stmt_return') continue;
    const { PLpgSQL_expr: said } = (expr ?? {}) as { PLpgSQL_expr?: { query: string } };
    if (said !== undefined && !/^\s*\(?\s*(?:null|new|old)\s*\)?\s*$/i.test(said.query)) return true;
    if (typeof retvarno === 'number' && !known.includes(retvarno)) return true;
  }
  return false;
}

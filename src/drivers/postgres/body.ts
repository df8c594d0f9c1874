import type { CreateFunctionStmt, DoStmt, Node } from 'libpg-query';
import { as, everyPart, optionOf, stringOf, stringsOf, textOf } from './nodes.ts';
import { parse, parsePlpgsql } from './parser.ts';
import { executableIn } from './executable.ts';

/** What a function's or a DO's text holds, as far as it can be read. */
export interface Body {
  /** Its own statements and expressions (as SELECT), and those in strings that it may execute. */
  readonly nodes: readonly Node[];
  /** Whether it says COMMIT or ROLLBACK. */
  readonly endsTransaction: boolean;
  /** What cannot be seen of it, in words. */
  readonly unseen: readonly string[];
}

export function bodyOfDo({ args }: DoStmt): Body {
  const code = optionOf(args, 'as');
  const text = (code && textOf(code)) ?? '';
  return bodyIn(languageOf(args) ?? 'plpgsql', text, `DO ${tag}${text}${tag}`);
}

const tag = '$forerun_body$';

/** `sql` is the whole CREATE FUNCTION. */
export function bodyOfRoutine(create: CreateFunctionStmt, sql: string): Body {
  if (create.sql_body !== undefined) {
    const list = as('List', create.sql_body)?.items ?? [create.sql_body];
    const nodes = list.flatMap((item) => as('List', item)?.items ?? [item]);
    return { nodes, endsTransaction: false, unseen: [] };
  }
  const code = optionOf(create.options, 'as')?.arg;
  const text = (code && (stringsOf(as('List', code)?.items)[0] ?? stringOf(code))) ?? '';
  return bodyIn(languageOf(create.options) ?? 'sql', text, sql);
}

function languageOf(options: readonly Node[] | undefined): string | undefined {
  const option = optionOf(options, 'language');
  return option === undefined ? undefined : textOf(option)?.toLowerCase();
}

function bodyIn(language: string, text: string, sql: string): Body {
  if (language === 'sql') {
    const parsed = parse(text);
    if ('unreadable' in parsed) return { nodes: [], endsTransaction: false, unseen: ['a body that cannot be read'] };
    return { nodes: parsed.statements.flatMap(({ stmt }) => stmt ?? []), endsTransaction: false, unseen: [] };
  }
  if (language === 'plpgsql') {
    const tree = parsePlpgsql(sql);
    if (tree !== undefined) return plpgsqlBody(tree);
  }
  // plpy.commit(), spi_commit(), commit in Tcl, plv8.commit(); PL/pgSQL that cannot be read fails on the server too.
  const unseen = language === 'plpgsql' ? 'a body that cannot be read' : `what ${language} does`;
  return { nodes: [], endsTransaction: /(?:\b|_)(?:commit|rollback)\b/i.test(text), unseen: [unseen] };
}

function plpgsqlBody(tree: object): Body {
  const nodes: Node[] = [];
  let endsTransaction = false;
  let dynamic = false;
  for (const [name, part] of everyPart(tree)) {
    if (name === 'PLpgSQL_stmt_commit' || name === 'PLpgSQL_stmt_rollback') endsTransaction = true;
    if (/^PLpgSQL_stmt_(?:dynexecute|dynfors)$|^dynquery$/.test(name)) dynamic = true;
    if (name === 'PLpgSQL_expr') nodes.push(...nodesOf(part as unknown as Expression));
  }
  if (!dynamic) return { nodes, endsTransaction, unseen: [] };
  return {
    nodes: [...nodes, ...nodes.flatMap(executableIn)],
    endsTransaction,
    unseen: ['what its EXECUTE runs'],
  };
}

interface Expression {
  readonly query: string;
  /** 0 is a statement, 2 an expression, and 3 to 5 assign one. */
  readonly parseMode?: number;
}

function nodesOf({ query, parseMode = 0 }: Expression): readonly Node[] {
  const text = parseMode >= 3 ? query.replace(/^[^=]*=/, '') : query;
  const parsed = parse(parseMode === 0 ? text : `SELECT ${text}`);
  return 'unreadable' in parsed ? [] : parsed.statements.flatMap(({ stmt }) => stmt ?? []);
}

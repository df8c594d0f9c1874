const t = 'CREATE TABLE t(id INTEGER PRIMARY KEY, a, "end");\n';
/** Scripts that SQLite accepts, by what is hard in them. */
export const scripts: Readonly<Record<string, string>> = {
  'an empty script': '',
  'comments alone': '-- a;\n/* b; */',
  'a plain script': `${t}INSERT INTO t VALUES (1, 2, 3);\nUPDATE t SET a = 5;`,
  'a last statement without a semicolon': `${t}CREATE INDEX i ON t(a)`,
  'comments behind the last statement': `${t}CREATE INDEX i ON t(a) -- why; not\n`,
  'comments behind statements': `${t}CREATE INDEX i ON t(a) /* ; */ ;CREATE VIEW v AS SELECT 1 -- x\n;`,
  'semicolons and quotes in comments': `-- it's; "here\n${t}/* '; " ; [ */INSERT INTO t(a) VALUES (1) /* ' */;-- '\nINSERT INTO t(a) VALUES (2);`,
  'a comment that opens where it closes': `${t}/*/ ; */INSERT INTO t(a) VALUES (1);/**/INSERT INTO t(a) VALUES (2);/***/`,
  'a block comment without an end': `${t}INSERT INTO t(a) VALUES (1); /* INSERT INTO t(a) VALUES (2);`,
  CRLF: `${t}CREATE TRIGGER r AFTER INSERT ON t BEGIN -- ;\n SELECT 1;\n END;\nINSERT INTO t(a) VALUES ('x\n');`.replaceAll(
    '\n',
    '\r\n',
  ),
  'semicolons in strings': `${t}INSERT INTO t(a) VALUES (';'), ('it''s; '), (';--'), ('/*;'), ('');`,
  'semicolons in names':
    'CREATE TABLE [weird;name]("a;""b", `c;``d`, \'e;f\');INSERT INTO [weird;name] VALUES (1, 2, 3);',
  blobs: `${t}INSERT INTO t(a) VALUES (x'3B'), (X'');`,
  'unicode names': 'CREATE TABLE größe(naïve, 🙂, "日本;語");INSERT INTO größe(naïve, 🙂) VALUES (\'é;\', 1);',
  'keywords as names':
    'CREATE TABLE t(begin int, trigger, temp);CREATE TABLE trigger(x);CREATE TABLE u(end int);CREATE TABLE end(x);CREATE TABLE temp(x)',
  'a trigger': `${t}CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET a = 1; DELETE FROM t WHERE id > 9; END; INSERT INTO t(a) VALUES (7);`,
  'a trigger at the end without a semicolon': `${t}CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END`,
  'triggers of every form': `${t}CREATE TEMP TRIGGER a AFTER INSERT ON t BEGIN SELECT 1; END;create temporary trigger if not exists b BEFORE UPDATE OF a ON t FOR EACH ROW WHEN new.a > 1 BEGIN SELECT 1; END;CREATE/*;*/TRIGGER--;\nmain.c DELETE ON t BEGIN SELECT 1; END;INSERT INTO t(a) VALUES (1);`,
  'CASE in a trigger': `${t}CREATE TRIGGER r AFTER INSERT ON t WHEN CASE WHEN new.a THEN 1 ELSE 0 END BEGIN SELECT CASE new.a WHEN 1 THEN CASE 2 WHEN 2 THEN 3 END END; UPDATE t SET a = CASE a WHEN 1 THEN 2 END; END; INSERT INTO t(a) VALUES (7);`,
  'BEGIN and END as names in a trigger': `${t}CREATE TABLE b(begin);CREATE TRIGGER end AFTER INSERT ON t BEGIN SELECT a AS end FROM t; UPDATE t SET end = new.end; SELECT end FROM t; SELECT 1 end; INSERT INTO b(begin) VALUES (1); END; CREATE TRIGGER begin AFTER UPDATE ON t BEGIN SELECT begin FROM b; END; INSERT INTO t(a) VALUES (7);`,
  'comments and strings with END in a trigger': `${t}CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 'x; END;'; /* ; END; */ SELECT "end" FROM t; -- END;\n END /* ; */ ; INSERT INTO t(a) VALUES (7);`,
  'an explained trigger': `${t}EXPLAIN CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; SELECT 2; END; EXPLAIN QUERY PLAN CREATE TEMP TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END; INSERT INTO t(a) VALUES (7);`,
  'transaction control': `BEGIN; ${t}COMMIT; BEGIN; INSERT INTO t(a) VALUES (1); END TRANSACTION; SAVEPOINT s; DELETE FROM t; ROLLBACK TO s; RELEASE s; BEGIN IMMEDIATE; DELETE FROM t`,
  pragmas: 'PRAGMA user_version = 3; PRAGMA foreign_keys(off); PRAGMA user_version;',
  'empty statements': `;;${t};\n;INSERT INTO t(a) VALUES (1); ; /* ; */ ;`,
  'a byte order mark': `\uFEFF${t}`,
  'virtual tables':
    "CREATE VIRTUAL TABLE f USING fts5(a, tokenize = 'unicode61; x' );".replace('; x', '') +
    "INSERT INTO f VALUES ('a;b');",
  'a WITH before a write': `${t}WITH x(v) AS (VALUES (1), (2)) INSERT INTO t(a) SELECT v FROM x; WITH x AS (SELECT 1) UPDATE t SET a = 9 WHERE id IN (SELECT * FROM x);`,
};
/** Pieces of scripts that are mostly wrong, for comparison with what SQLite makes of them. */
export const garbage: readonly string[] = [
  "'",
  "''",
  '"',
  '`',
  '[',
  ']',
  ';',
  '; ',
  '--',
  '/*',
  '*/',
  '/',
  '*',
  '\n',
  '\r\n',
  ' ',
  '(',
  ')',
  ',',
  '.',
  'x',
  "x'",
  "x'00'",
  '0x',
  '1',
  '1.5e',
  '$',
  ':',
  '?',
  '#',
  '\uFEFF',
  'é',
  '\u00A0',
  '!',
  '\\',
  'end',
  ';end;',
  'begin',
  'begin;',
  'select 1',
  'select 1;',
  "select 'a;b';",
  'create table t(x);',
  'create table if not exists u(end);',
  'create trigger r after insert on t begin select 1;',
  'create temp trigger',
  'insert into t values (1);',
  'explain ',
  'create ',
  'case when 1 then 2 end',
  'commit;',
  'with ',
];

/** What SQLite reads as white space. */
export const blanks: readonly string[] = [
  ' ',
  ' ',
  '\n',
  '\r\n',
  '\t',
  ' /* ; end; \' " */ ',
  ' -- ;\'"[`\n',
  '/**/',
  '/*/;*/',
];

export type Random = (below: number) => number;

/** Mulberry32: the same scripts in every run. */
export function seeded(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Valid statements with any blanks between their words, and any number of semicolons between them. */
export function randomScript(random: Random): { readonly script: string; readonly count: number } {
  const pick = <T>(of: readonly T[]): T => of[random(of.length)] as T;
  const blank = (): string => pick(blanks);
  const name = (at: number): string =>
    pick([
      `t${at}`,
      `"t;${at}"`,
      `[end;${at}]`,
      `\`b\`\`;${at}\``,
      `"q""${at}"`,
      `größe${at}`,
      `end${at}`,
      `"begin\u0001${at}"`,
    ]);
  const text = (): string =>
    pick([
      "'a'",
      "';'",
      "'it''s;\u0001end;'",
      "'--'",
      "'/*'",
      "x'3B'",
      "''",
      "'[\"`'",
      "'\n;\n'",
      '1.5e3',
      '.5',
      'NULL',
    ]);
  // Spaces in a template stand for any blank; those inside names and strings are themselves.
  const spaced = (sql: string): string => sql.replaceAll(' ', blank).replaceAll('\u0001', ' ');
  const tables = [name(0)];
  const first = `CREATE TABLE ${tables[0]} ( id INTEGER PRIMARY KEY , a , end )`;
  const make = (at: number): string => {
    const table = pick(tables);
    const body = (): string =>
      pick([
        `UPDATE ${table} SET a = CASE a WHEN ${text()} THEN ${text()} ELSE end END , end = 1 ;`,
        `DELETE FROM ${table} WHERE id < 0 ;`,
        `SELECT a AS end FROM ${table} ;`,
        `SELECT CASE WHEN 1 THEN ${text()} END ;`,
        `INSERT INTO ${table} ( a , end ) SELECT 1 , 2 WHERE 0 ;`,
      ]);
    const trigger = `TRIGGER ${name(at)} AFTER DELETE ON ${table} WHEN CASE WHEN old.end THEN 1 END BEGIN ${body()} ${body()} END`;
    return pick([
      () => `CREATE ${trigger}`,
      () => `EXPLAIN CREATE ${trigger}`,
      () => `EXPLAIN QUERY PLAN CREATE ${trigger}`,
      () => {
        const added = name(at);
        tables.push(added);
        return `CREATE TABLE ${added} ( id INTEGER PRIMARY KEY , a DEFAULT ${text()} , end )`;
      },
      () => `INSERT INTO ${table} ( a , end ) VALUES ( ${text()} , ${text()} )`,
      () => `CREATE INDEX ${name(at)} ON ${table} ( a )`,
      () => `CREATE VIEW ${name(at)} AS SELECT a AS begin , end FROM ${table}`,
      () => `UPDATE ${table} SET end = ${text()} WHERE id = 1`,
      () => `WITH x AS ( SELECT ${text()} AS v ) INSERT INTO ${table} ( a ) SELECT v FROM x`,
      () => `PRAGMA user_version = ${at}`,
      () => `SELECT ${text()} , "end" FROM ${table}`,
    ])();
  };
  const statements = [first, ...Array.from({ length: 1 + random(8) }, (_, at) => make(at + 1))];
  const script = statements.map((sql, at) => {
    const last = at === statements.length - 1;
    return `${random(2) ? blank() : ''}${spaced(sql)}${random(2) ? blank() : ''}${last && random(2) ? '' : pick([';', ';;', '; ;', ';\n-- ;\n', ';/* end; */'])}`;
  });
  return { script: script.join(''), count: statements.length };
}

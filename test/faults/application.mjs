// An application that goes on reading and writing main: every row that it is told was committed is printed, and every
// state that it sees is checked to be one that a migration begins or ends with.
import Database from 'better-sqlite3';

const [path, legal] = [process.argv[2], JSON.parse(process.argv[3])];
const database = new Database(path, { timeout: 20_000 });
const acknowledged = [];
const seen = new Set();
const state = { going: true };
process.on('message', () => (state.going = false));
process.send('ready');

const look = database.transaction(() => {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  const history = tables.includes('_schema_history')
    ? database.prepare('SELECT name FROM _schema_history ORDER BY name').pluck().all()
    : [];
  const columns = database.prepare("SELECT name FROM pragma_table_info('users')").pluck().all();
  const first = tables.includes('first')
    ? database.prepare("SELECT name FROM pragma_table_info('first')").pluck().all()
    : [];
  return JSON.stringify({ history, columns, first });
});

while (state.going) {
  seen.add(look());
  const { lastInsertRowid } = database.prepare('INSERT INTO orders (user_id, total) VALUES (1, 1)').run();
  acknowledged.push(Number(lastInsertRowid));
  await new Promise((resolve) => setTimeout(resolve, 2));
}
const illegal = [...seen].filter((state) => !legal.includes(state));
process.send({ acknowledged, illegal, seen: [...seen] }, () => process.exit(0));

// Copies a database with the bare backup API, so and so often, into one folder.
import { join } from 'node:path';
import Database from 'better-sqlite3';

const [path, folder, times] = process.argv.slice(2);
const database = new Database(path);
for (let time = 0; time < Number(times); time += 1) await database.backup(join(folder, `${time}.db`));
database.close();

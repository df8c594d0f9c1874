import { createServer } from 'node:http';
import { migrator, openDatabase } from './migrator.js';

// The hook: the application starts on a migrated database, or not at all. Several instances may start at once.
const result = await migrator.safeUp();
if (result.exitCode !== 0) {
  for (const finding of result.findings) console.error(`${finding.migration ?? finding.gate}: ${finding.message}`);
  console.error(`Not started: migrations ${result.outcome}; the database is as it was.`);
  process.exit(result.exitCode);
}
console.log(`Migrations: ${result.outcome}.`);

const database = openDatabase();
const server = createServer((_request, response) => {
  response.end(JSON.stringify(database.prepare('SELECT id, first_name FROM users').all()));
});
server.listen(Number(process.env.PORT ?? 3000), () => console.log('Listening.'));
process.once('SIGTERM', () => server.close(() => database.close()));

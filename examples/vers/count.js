// Counts the rows of every table of the shop in the database that DATABASE_URL names.
import { Client } from 'pg';

const client = new Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
const { rows } = await client.query(
  "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE E'\\\\_%' ORDER BY 1",
);
for (const { name } of rows) {
  const [{ count }] = (await client.query(`SELECT count(*) FROM "${name}"`)).rows;
  console.log(`${name} ${count}`);
}
await client.end();

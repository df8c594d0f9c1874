// Fills the database that DATABASE_URL names with the shop, where it has none yet.
import { readFileSync } from 'node:fs';
import { Client } from 'pg';

const client = new Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
const { rows } = await client.query("SELECT to_regclass('users') IS NOT NULL AS there");
if (!rows[0].there) {
  await client.query(readFileSync(new URL('schema.sql', import.meta.url), 'utf8'));
  console.log('Made 3 users, 4 products and 3 orders.');
}
await client.end();

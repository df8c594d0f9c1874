import Database from 'better-sqlite3';

const database = new Database(`${import.meta.dirname}/traildepot/data/main.db`, { readonly: true });
for (const { version, name, checksum } of database.prepare('SELECT * FROM _schema_history ORDER BY rowid').all())
  console.log(version, name, checksum);
database.close();

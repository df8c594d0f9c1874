// An application that inserts continuously into a table of its own, and records how long its writes waited. It asks
// again by itself, ten times a millisecond at most: SQLite's own waiting sleeps up to 100 ms between two tries.
import Database from 'better-sqlite3';

const database = new Database(process.argv[2], { timeout: 0 });
const insert = database.prepare("INSERT INTO visits (at, page) VALUES (datetime(), '/')");
const cell = new Int32Array(new SharedArrayBuffer(4));
const pause = (ms) => Atomics.wait(cell, 0, 0, ms);
const told = { stop: false };
let writes = 0;
let longestWait = 0;
process.on('message', () => (told.stop = true));
process.on('disconnect', () => process.exit());
process.send('ready');

while (!told.stop) {
  const start = performance.now();
  while (!inserted()) pause(0.1);
  longestWait = Math.max(longestWait, performance.now() - start);
  writes += 1;
  pause(0.5);
  await new Promise((resolve) => setImmediate(resolve));
}
database.close();
process.send({ longestWait, writes }, () => process.exit(0));

function inserted() {
  try {
    insert.run();
    return true;
  } catch (error) {
    if (!String(error.code).startsWith('SQLITE_BUSY')) throw error;
    return false;
  }
}

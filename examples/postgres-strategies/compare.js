// Rehearses each strategy on a branch of its own and prints what was measured. Main is not touched.
import { gate } from 'forerun';

const database = process.env.DATABASE_URL;
const rows = [['Strategy', 'Verdict', 'Took', 'Reads wait', 'Writes wait', 'WAL']];
const findings = [];
for (const strategy of ['direct', 'backfill', 'swap']) {
  const result = await gate({ database, migrations: strategy });
  if (result.error !== undefined) throw new Error(result.error.message);
  const { evidence } = result.migrations[0];
  const longest = (key) => Math.max(0, ...evidence.waits.map((wait) => wait[key]));
  rows.push([
    strategy,
    result.outcome,
    milliseconds(evidence.ms),
    milliseconds(longest('readMs')),
    milliseconds(longest('writeMs')),
    `${Math.round(evidence.walBytes / 1e6)} MB`,
  ]);
  for (const { gate: name, severity, message } of result.findings) {
    if (severity !== 'note') findings.push(`${strategy} ${severity}s [${name}]\n  ${message}`);
  }
}
const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
for (const row of rows)
  console.log(
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
console.log(`\n${findings.join('\n')}`);

function milliseconds(ms) {
  return `${Math.round(ms)} ms`;
}

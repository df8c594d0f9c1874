import { checkpoint } from './checkpoint.ts';
import { digest } from './digest.ts';
import { holdOff } from './hold-off.ts';
import { hundredMigrations } from './hundred-migrations.ts';
import { knexThreeHundred } from './knex-three-hundred.ts';
import { postgresCopies } from './postgres-copies.ts';
import { postgresHundred } from './postgres-hundred.ts';
import { postgresObserve } from './postgres-observe.ts';
import { postgresPrisma } from './postgres-prisma.ts';
import { status } from './status.ts';
import { machineLine } from './support/machine.ts';
import { markdown, type Measured } from './support/result.ts';
import { versCalls } from './vers.ts';

const benches: Readonly<Record<string, () => Promise<Measured>>> = {
  status,
  digest,
  checkpoint,
  'hold-off': holdOff,
  'hundred-migrations': hundredMigrations,
  'postgres-observe': postgresObserve,
  'postgres-copies': postgresCopies,
  'postgres-hundred': postgresHundred,
  'knex-three-hundred': knexThreeHundred,
  'postgres-prisma': postgresPrisma,
  vers: versCalls,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => benches[name] === undefined);
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}.`);
  process.exit(2);
}
const measured: Measured[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.error(name);
  measured.push(await bench());
}
console.log(markdown(machineLine(), measured));

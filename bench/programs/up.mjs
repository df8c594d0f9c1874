// `up --safe` as a program of a user's own calls it.
import { up } from '../../dist/src/index.js';

const [database, migrations, checkpoints] = process.argv.slice(2);
const result = await up({ database, migrations, checkpoints }, { safe: true });
if (result.outcome !== 'promoted')
  throw new Error(`${result.outcome}: ${JSON.stringify(result.findings)} ${JSON.stringify(result.error)}`);

// Applies a folder of SQL files with Forerun, without a rehearsal.
import { up } from '../../dist/src/index.js';

const [database, migrations] = process.argv.slice(2);
const result = await up({ database, migrations });
if (result.outcome !== 'promoted') throw new Error(`${result.outcome}: ${JSON.stringify(result.error)}`);

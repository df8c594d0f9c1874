// `up --safe` on a project of Prisma's.
import { up } from '../../dist/src/index.js';
import { prisma } from '../../dist/adapters/prisma.js';

const [database, root] = process.argv.slice(2);
const result = await up({ database, root, source: prisma(), checkpoints: 'once' }, { safe: true });
if (result.outcome !== 'promoted')
  throw new Error(`${result.outcome}: ${JSON.stringify(result.findings)} ${JSON.stringify(result.error)}`);

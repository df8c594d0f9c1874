import { describe } from 'vitest';
import { agreesWithPrisma } from './fixtures/prisma/agreement.ts';
import { sqliteProject } from './fixtures/prisma/project.ts';

describe('Prisma on SQLite', () => agreesWithPrisma(sqliteProject));

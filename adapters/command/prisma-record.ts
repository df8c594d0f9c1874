import { ownWork } from '../../src/promotion/claim.ts';
import type { Driver } from '../../src/seams/driver.ts';
import type { Target } from '../../src/seams/target.ts';
import { prismaRecord } from '../prisma/record.ts';

/**
 * Prisma refuses a database with any table and without the one in which it keeps its record (P3005), and Forerun's own are
 * made before it is run: in a database that is empty, Prisma's is made first.
 */
export async function makePrismaRecord(driver: Driver, main: Target): Promise<void> {
  // In another schema than that of our tables nothing is in its way.
  if (driver.name !== 'postgres' || /[?&]schema=(?!public(?:&|$))/.test(main.url)) return;
  const record = prismaRecord('postgres', 'public');
  await using connection = await driver.open(main);
  if ((await record.exists(connection)) || (await record.hasOthers(connection))) return;
  await driver.transaction(main, ownWork(), (session) => record.create(session));
}

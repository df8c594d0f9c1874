import type { Row, Session } from '../../seams/driver.ts';
import { codeOf } from './session.ts';

/** How often a query of sizes is asked, in all. */
const tries = 10;

/** Asks for sizes of databases. One that somebody drops in the middle of that ends the query: it is asked again. */
export async function askSizes(session: Session, sql: string): Promise<readonly Row[]> {
  for (let count = 1; ; count += 1) {
    try {
      return await session.query(sql);
    } catch (error) {
      // 42704 and 3D000: there is no such database; 58P01: its folder is gone already.
      if (count === tries || !['42704', '3D000', '58P01'].includes(codeOf(error) ?? '')) throw error;
    }
  }
}

import { ForerunError } from '../error.ts';
import type { Driver } from '../seams/driver.ts';
import type { Copy } from '../seams/provider.ts';
import type { Target } from '../seams/target.ts';
import { describe } from './find-copy.ts';

/** Throws `PROVIDER_FAILED` where pages of a checkpoint, to be read at `target`, are broken: main would become the same. */
export async function ensureWhole(driver: Driver, target: Target, checkpoint: Copy): Promise<void> {
  const broken = (await driver.damage(target)).filter(({ kind }) => kind === 'corruption');
  if (broken.length === 0) return;
  const what = broken.map(({ message }) => message).join('; ');
  throw new ForerunError('PROVIDER_FAILED', `${describe(checkpoint)} is damaged: ${what}. Main is as it was.`, {
    details: { copy: checkpoint.id },
    next: `Choose another one of: forerun checkpoints. To save what can still be read of this one: forerun branch ${checkpoint.id} --name saved`,
  });
}

import type { CheckFunction } from '../config.ts';
import type { Check } from '../setup.ts';

/** A check that is a function of the project's own. */
export function functionCheck(name: string, check: CheckFunction): Check {
  return {
    name,
    async run(branch, context) {
      const answer = await check(branch, context);
      return typeof answer === 'boolean' ? { ok: answer, output: answer ? '' : 'It answered false.' } : answer;
    },
  };
}

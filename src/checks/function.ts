import type { CheckFunction } from '../config.ts';
import type { Check } from '../setup.ts';

/** A check that is a function of the project's own. */
export function functionCheck(name: string, check: CheckFunction): Check {
  return {
    name,
    async run(branch, context) {
      const answer = await check(branch, context);
      if (typeof answer === 'boolean') return { ok: answer, output: answer ? '' : 'It answered false.' };
      if (typeof answer?.ok !== 'boolean')
        return { ok: false, output: 'It answered neither true, nor false, nor { ok: … }.' };
      return { ...answer, output: typeof answer.output === 'string' ? answer.output : '' };
    },
  };
}

import type { Target } from '../seams/target.ts';

/** For what stays as it is as long as a run lasts. */
export function once(ask: (target: Target) => Promise<string>): (target: Target) => Promise<string> {
  const known = new Map<string, string>();
  return async (target) => {
    const answer = known.get(target.variable) ?? (await ask(target));
    known.set(target.variable, answer);
    return answer;
  };
}

import { environmentOf } from '../checks/environment.ts';
import { messageOf } from '../error.ts';
import type { Run } from '../run-log.ts';
import type { CheckEvidence } from '../seams/evidence.ts';
import type { Branch } from '../seams/provider.ts';
import type { Check, CheckAnswer } from '../setup.ts';

const outputLimit = 4000;

/** Throws `CONFIG`, before anything is copied, for a check of the user's that cannot be asked at all. */
export async function prepareChecks({ setup }: Run): Promise<void> {
  for (const check of setup.checks) await check.prepare?.(setup);
}

/** Runs the user's checks on a branch of the branch that is thrown away: a check may write. */
export async function runChecks(
  run: Run,
  branch: Branch,
  when: CheckEvidence['when'],
): Promise<{ checks: readonly CheckEvidence[]; metrics: Record<string, number> }> {
  const { provider } = run.setup;
  const scratch = await provider.branch(branch, { label: `${run.id}-check-${when}`, run: run.id, signal: run.signal });
  const checks: CheckEvidence[] = [];
  const metrics: Record<string, number> = {};
  try {
    for (const check of run.setup.checks) {
      const start = performance.now();
      const answer = await ask(run, check, scratch, when);
      run.signal.throwIfAborted();
      if (!answer.ok) failed(run, check, when, answer);
      checks.push({
        name: check.name,
        when,
        ok: answer.ok,
        ms: performance.now() - start,
        output: answer.output.slice(-outputLimit),
      });
      Object.assign(metrics, answer.metrics);
    }
  } finally {
    await provider.discard(scratch);
  }
  return { checks, metrics };
}

/** Without migrations to blame, a person may want to stop the run here and now. */
function failed(run: Run, { name }: Check, when: CheckEvidence['when'], { output }: CheckAnswer): void {
  run.failing();
  if (when === 'before') run.tell(`Check ${name} fails already, before any migration: ${lastLine(output)}`);
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}

async function ask(run: Run, check: Check, scratch: Branch, when: CheckEvidence['when']): Promise<CheckAnswer> {
  const { driver, databaseVariable } = run.setup;
  try {
    const environment = await environmentOf(run.setup, scratch.target);
    return await check.run(scratch.target, { driver, databaseVariable, environment, when, signal: run.signal });
  } catch (error) {
    return { ok: false, output: `It threw: ${messageOf(error)}` };
  }
}

import { errorText } from '../reports/error-text.ts';
import { runDocument } from '../reports/json.ts';
import { runText } from '../reports/run-text.ts';
import type { RunResult } from '../result.ts';
import type { Output } from './output.ts';

/** Prints how a run ended, and answers with the exit code. Of one that never began, only why is said. */
export function showRun(output: Output, result: RunResult): number {
  if (output.json) {
    output.result(runDocument(result, output.view.verbose));
    return result.exitCode;
  }
  const begun = result.run !== '';
  if (begun && !(output.quiet && result.exitCode === 0)) output.result(runText(shown(output, result), output.view));
  // The last line of the report says already that it was interrupted.
  const isTold = begun && result.outcome === 'interrupted';
  if (result.error !== undefined && !isTold) output.say(errorText(result.error, output.aside));
  return result.exitCode;
}

function shown({ quiet }: Output, result: RunResult): RunResult {
  if (!quiet) return result;
  return { ...result, findings: result.findings.filter((finding) => finding.severity === 'block') };
}

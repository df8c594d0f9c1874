import type { Evidence, Where } from './seams/evidence.ts';
import type { Limits } from './limits.ts';
import type { Permit } from './permits.ts';

export type Severity = 'block' | 'warn' | 'note';

/** A gate's answer. */
export interface Finding {
  readonly gate: string;
  readonly severity: Severity;
  /** Name of the migration; absent where it is about the run. */
  readonly migration?: string;
  readonly message: string;
  readonly where?: Where;
}

/** What gates may know about a migration besides the evidence. */
export interface Judged {
  readonly name: string;
  readonly file?: string;
  readonly permits: readonly Permit[];
  readonly limits: Limits;
}

/** A pure question put to evidence. Severities it answers with are defaults; the policy has the last word. */
export interface Gate {
  readonly name: string;
  /** Set where the policy cannot soften it: a migration that did not run has nothing that could be promoted. */
  readonly unconditional?: true;
  judge(evidence: Evidence, migration: Judged): readonly Finding[];
}

/** For each gate: its own severities, or one for all of its blocking findings, or none at all. */
export type Policy = Readonly<Record<string, 'block' | 'warn' | 'off'>>;

export type Verdict = 'promote' | 'block';

/** Puts every gate's question and applies the policy. */
export function judge(
  gates: readonly Gate[],
  evidence: Evidence,
  migration: Judged,
  policy: Policy,
): readonly Finding[] {
  return gates.flatMap((gate) => {
    const rule = gate.unconditional ? undefined : policy[gate.name];
    if (rule === 'off') return [];
    return gate.judge(evidence, migration).map((finding) => withRule(finding, rule));
  });
}

export function verdict(findings: readonly Finding[]): Verdict {
  return findings.some((finding) => finding.severity === 'block') ? 'block' : 'promote';
}

function withRule(finding: Finding, rule: 'block' | 'warn' | undefined): Finding {
  if (rule === undefined || finding.severity === 'note') return finding;
  return { ...finding, severity: rule };
}

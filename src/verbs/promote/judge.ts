import { fingerprint } from '../../checksum.ts';
import { judge, type Finding, type Gate } from '../../gate.ts';
import { permitInConfig, permits, permitsIn } from '../../permits.ts';
import { rowsSeen } from '../../rows-seen.ts';
import { notBrought } from '../../rehearsal/damage.ts';
import { runChecks } from '../../rehearsal/checks.ts';
import { noteGatesOff } from '../../rehearsal/surroundings.ts';
import type { Run } from '../../run-log.ts';
import { schemaDiff } from '../../schema-diff.ts';
import type { Schema } from '../../seams/driver.ts';
import type { Evidence, Violation } from '../../seams/evidence.ts';
import type { Branch, Copy } from '../../seams/provider.ts';
import type { Brought } from './brought.ts';

/** Puts all gates to what a branch became since its base, tells the run, and answers with the findings. */
export async function judgeBranch(
  run: Run,
  base: Copy,
  branch: Branch,
  brought: readonly Brought[],
): Promise<readonly Finding[]> {
  const start = performance.now();
  noteGatesOff(run);
  const evidence = await evidenceOf(run, base, branch);
  const last = brought.at(-1);
  const permitted = [
    ...run.setup.permits,
    ...brought.flatMap((row) => (row.direction === 'up' ? permitsIn(row.text) : [])),
  ];
  const judged = { name: last?.name ?? branch.label, permits: permitted, limits: run.setup.limits };
  const found = judge(run.setup.gates.map(lenient), evidence, judged, run.setup.policy);
  const notes = [...(evidence.notes ?? []), ...untold(evidence)].map((message) => ({
    gate: 'promotion',
    severity: 'note' as const,
    message,
  }));
  // The findings are about the branch as a whole; with its last migration all that it brings has been applied.
  const findings = [...found, ...notes].map((finding) => about(permitInConfig(finding), last?.name));
  if (last === undefined) for (const finding of findings) run.emit({ type: 'finding', finding });
  else {
    const ms = performance.now() - start;
    run.emit({ type: 'rehearsed', migration: last.name, branch: branch.id, ms, shared: false, evidence, findings });
  }
  return findings;
}

async function evidenceOf(run: Run, base: Copy, branch: Branch): Promise<Evidence> {
  const { driver, checks } = run.setup;
  const compared = await driver.compare(base.target, branch.target);
  const damage = await newDamage(run, base, branch);
  const [before, after] = [await schemaOf(run, base), await schemaOf(run, branch)];
  const asked =
    checks.length === 0 ? undefined : await run.phase('check', 'after', () => runChecks(run, branch, 'after'));
  return {
    ...compared,
    integrity: [...(compared.integrity ?? []), ...damage],
    schema: { before: fingerprint(before), after: fingerprint(after), diff: schemaDiff(before, after) },
    ...(asked === undefined ? {} : asked),
  };
}

/** What is broken on main already is not the branch's. */
async function newDamage(run: Run, base: Copy, branch: Branch): Promise<readonly Violation[]> {
  const { driver } = run.setup;
  const found = await driver.damage(branch.target);
  return found.length === 0 ? found : notBrought(run, found, await driver.damage(base.target));
}

async function schemaOf({ setup }: Run, copy: Copy): Promise<Schema> {
  await using connection = await setup.driver.open(copy.target);
  return await setup.driver.schema(connection);
}

/**
 * A branch does not tell which statement set a value, so that no value could ever change: where nothing permits it, a
 * changed value warns. All else is judged as ever, and the policy has the last word.
 */
function lenient(gate: Gate): Gate {
  if (gate.name !== 'data-preserved') return gate;
  return {
    name: gate.name,
    judge(evidence, migration) {
      const tables = (evidence.tables ?? []).map((table) => ({ ...table, valuesChanged: {} }));
      return [...gate.judge({ ...evidence, tables }, migration), ...changedValues(gate.name, evidence, migration)];
    },
  };
}

function changedValues(gate: string, evidence: Evidence, migration: Parameters<Gate['judge']>[1]): readonly Finding[] {
  return (evidence.tables ?? []).flatMap(({ table, valuesChanged = {}, ...seen }) =>
    Object.entries(valuesChanged).map(([column, rows]) => {
      const allowed = permits(migration.permits, 'values-changed', table, column);
      const subject = `${table}.${column} has another value in ${rowsSeen(seen, rows)}`;
      return {
        gate,
        severity: allowed ? ('note' as const) : ('warn' as const),
        migration: migration.name,
        message: `${subject}${allowed ? ', as the migration allows' : ''}.`,
        where: { table },
      };
    }),
  );
}

function untold({ tables = [] }: Evidence): readonly string[] {
  if (!tables.some((table) => Object.keys(table.valuesChanged ?? {}).length > 0)) return [];
  return [
    'Which statement changed a value cannot be told of a branch; a person chose to promote it, so changed values warn and do not block.',
  ];
}

function about(finding: Finding, migration: string | undefined): Finding {
  const { migration: _, ...rest } = finding;
  return migration === undefined ? rest : { ...rest, migration };
}

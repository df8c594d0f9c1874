import { z } from 'zod';
import { ForerunError } from './error.ts';
import { nearest } from './nearest.ts';
import { standardGates } from './gates/standard.ts';
import { defaultLimits } from './limits.ts';
import { nearestPermit, permitsIn } from './permits.ts';
import type { Config } from './config.ts';

const rule = z.enum(['block', 'warn', 'off']);
const object = z.custom<object>((value) => typeof value === 'object' && value !== null, 'must be an object');
const limit = z.strictObject({ warn: z.number().nonnegative().optional(), block: z.number().nonnegative().optional() });
const callable = z.custom<object>((value) => typeof value === 'function', 'must be a function');
const gate = z.looseObject({ name: z.string().min(1), judge: callable });

const shape = {
  database: z.string().min(1).optional(),
  migrations: z.string().min(1).optional(),
  source: object.optional(),
  driver: object.optional(),
  provider: object.optional(),
  checkpoints: z.enum(['each', 'once']).optional(),
  keepRuns: z.int().min(1).optional(),
  policy: z.record(z.string(), rule).optional(),
  limits: z
    .strictObject({
      writeWaitMs: limit.optional(),
      readWaitMs: limit.optional(),
      rewriteBytes: limit.optional(),
      durationMs: limit.optional(),
    })
    .optional(),
  allow: z.array(z.string()).optional(),
  checks: z.string().optional(),
  validate: z.array(z.string().min(1), "must be a list of commands: ['npm test']").optional(),
  verify: z.record(z.string(), callable).optional(),
  gates: z.array(gate).optional(),
  databaseVariable: z
    .string()
    .regex(/^[A-Za-z_]\w*$/, 'must be the name of an environment variable')
    .optional(),
  commandLimitSeconds: z.number().positive().optional(),
  lockWaitSeconds: z.number().nonnegative().optional(),
  root: z.string().optional(),
};

/** Throws `CONFIG` with every wrong key and, for a misspelt one, the nearest that there is. */
export function validateConfig(config: Config, besides: readonly string[] = []): void {
  const parsed = z.strictObject(shape).safeParse(config, { error: inPlainWords });
  const problems = parsed.success ? [] : parsed.error.issues.flatMap((issue) => inWords(issue, besides));
  if (typeof config !== 'object' || config === null) throw noConfig();
  const own = shape.gates.safeParse(config.gates).data ?? [];
  const gates = [...standardGates, ...own].map((gate) => gate.name).concat('out-of-order');
  for (const name of Object.keys(config.policy ?? {})) {
    if (!gates.includes(name))
      problems.push({ key: `policy.${name}`, text: `policy.${name}: there is no such gate${suggestion(name, gates)}` });
  }
  for (const { name, unconditional } of standardGates) {
    const key = `policy.${name}`;
    const rule = config.policy?.[name] ?? 'block';
    if (unconditional && rule !== 'block')
      problems.push({ key, text: `${key}: a migration that fails cannot be promoted; this gate always blocks` });
  }
  problems.push(...misspeltPermits(config.allow));
  if (problems.length === 0) return;
  throw new ForerunError(
    'CONFIG',
    `The configuration is wrong:\n${problems.map(({ text }) => `  ${text}`).join('\n')}`,
    {
      details: { keys: problems.map(({ key }) => key) },
      next: 'Correct the keys named above.',
    },
  );
}

/** What is no list of texts the schema has refused already. */
function misspeltPermits(allow: unknown): Problem[] {
  return (Array.isArray(allow) ? allow : []).flatMap((permit: unknown, at) => {
    if (typeof permit !== 'string' || permitsIn(`-- forerun: allow ${permit}`).length > 0) return [];
    return [
      { key: `allow.${at}`, text: `allow.${at}: "${permit}" permits nothing; write: '${nearestPermit(permit)}'` },
    ];
  });
}

function noConfig(): ForerunError<'CONFIG'> {
  return new ForerunError('CONFIG', 'The configuration is no object.', {
    details: { keys: [] },
    next: "Write it as: { database: 'app.db' }",
  });
}

/** The validator's own words are for those who know it. */
function inPlainWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`;
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty';
      return `must be ${issue.inclusive === true ? 'at least' : 'above'} ${issue.minimum}`;
    default:
      return undefined;
  }
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  array: 'a list',
  record: 'an object',
  object: 'an object',
};

interface Problem {
  readonly key: string;
  readonly text: string;
}

function inWords(issue: z.core.$ZodIssue, besides: readonly string[]): Problem[] {
  const path = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return [{ key: path, text: `${path}: ${issue.message}` }];
  return issue.keys.map((name) => {
    const key = path === '' ? name : `${path}.${name}`;
    return { key, text: `${key}: there is no such key${suggestion(name, keysAt(path, besides))}` };
  });
}

function keysAt(path: string, besides: readonly string[]): readonly string[] {
  if (path === '') return [...Object.keys(shape), ...besides];
  return path === 'limits' ? Object.keys(defaultLimits) : ['warn', 'block'];
}

function suggestion(name: string, known: readonly string[]): string {
  const closest = nearest(name, known);
  return closest === undefined ? `; there are: ${known.join(', ')}` : `; did you mean ${closest}?`;
}

import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { resolveConfig } from '../src/config.ts';
import { standardGates } from '../src/gates/standard.ts';
import { defaultLimits } from '../src/limits.ts';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

/** The keys that the refusal of an unknown one names. */
async function keysBeside(unknown: object): Promise<readonly string[]> {
  const error: unknown = await resolveConfig({ database: 'app.db', ...unknown }).catch((reason) => reason);
  return /there are: (.*)$/m.exec(String(error))?.[1]?.split(', ') ?? [];
}

test('the README names every key of the configuration, and no other', async () => {
  const keys = await keysBeside({ zzzzzzzzzzzzzzzz: 1 });
  expect(keys.length).toBeGreaterThan(15);
  const [, table = ''] = /^\| key \| \| default \|$(.*?)^$/ms.exec(readme) ?? [];
  expect(firstCells(table).toSorted()).toEqual([...keys].toSorted());
});

test('the README names every limit with its default', () => {
  const [, table = ''] = /^\| key of `limits` \| \| default \|$(.*?)^$/ms.exec(readme) ?? [];
  expect(firstCells(table)).toEqual(Object.keys(defaultLimits));
  for (const [name, limit] of Object.entries(defaultLimits)) {
    const entries = Object.entries(limit).map(([severity, value]) => `${severity}: ${String(value)}`);
    const written = entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
    expect(table.split('\n').find((line) => line.startsWith(`| \`${name}\``))).toContain(`\`${written}\` |`);
  }
});

test('the README names every gate', () => {
  const [, table = ''] = /^\| gate \| blocks \| warns \|$(.*?)^$/ms.exec(readme) ?? [];
  expect(firstCells(table).toSorted()).toEqual([...standardGates.map((gate) => gate.name), 'out-of-order'].toSorted());
});

function firstCells(table: string): readonly string[] {
  return [...table.matchAll(/^\| `([\w-]+)`/gm)].map(([, name = '']) => name);
}

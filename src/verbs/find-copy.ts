import { ForerunError } from '../error.ts';
import { nearest } from '../nearest.ts';
import type { Branch, Checkpoint, Copy, ListedCopy } from '../seams/provider.ts';
import type { Setup } from '../setup.ts';

/**
 * The copy that a person means by an id, the beginning of one, or a label. A label is looked for among branches first, where it is unique.
 * Throws `NOT_FOUND` with what there is instead, and `USAGE` where several have the label or the kind is another.
 */
export async function findCopy(setup: Setup, nameOrId: string, kind?: Copy['kind']): Promise<ListedCopy> {
  const copies = await setup.provider.list(setup.main);
  const found = pickCopy(copies, nameOrId, kind);
  if (found.state === 'ready') return found;
  throw new ForerunError(
    'NOT_FOUND',
    `${describe(found)} is a leftover of a process that died, and nothing to go on with.`,
    {
      details: { name: nameOrId },
      next: `Throw it away with: forerun discard ${found.id}`,
    },
  );
}

/** As `findCopy`, among copies that were listed before; leftovers included. */
export function pickCopy(copies: readonly ListedCopy[], nameOrId: string, kind?: Copy['kind']): ListedCopy {
  const exact = matching(copies, nameOrId);
  const candidates = exact.length > 0 ? exact : beginningWith(copies, nameOrId);
  const matches = kind === undefined ? candidates : candidates.filter((copy) => copy.kind === kind);
  const [found, ...others] = preferred(matches);
  if (found === undefined)
    throw candidates[0] === undefined ? notFound(copies, nameOrId, kind) : wrongKind(candidates[0], kind);
  if (others.length === 0) return found;
  const ids = [found, ...others].map((copy) => copy.id).join(', ');
  const what = exact.length > 0 ? 'is the label' : 'begins the ids';
  throw new ForerunError('USAGE', `"${nameOrId}" ${what} of several copies: ${ids}.`, {
    details: {},
    next: 'Name one of them by its id; their times are in: forerun checkpoints',
  });
}

/** There is no copy of that name; says which name is near. */
export function notFound(copies: readonly Copy[], name: string, kind?: Copy['kind']): ForerunError<'NOT_FOUND'> {
  const known = copies.filter((copy) => kind === undefined || copy.kind === kind);
  const near = nearest(name, [...new Set(known.flatMap((copy) => [copy.id, copy.label]))]);
  const labels = [...new Set(known.map((copy) => copy.label))].slice(-shown);
  const there = labels.length === 0 ? 'There is none at all.' : `There are: ${labels.join(', ')}.`;
  return new ForerunError('NOT_FOUND', `There is no ${kind ?? 'checkpoint or branch'} "${name}".`, {
    details: { name },
    next: near === undefined ? there : `Did you mean ${near}? ${there}`,
  });
}

/** How messages speak of one copy. */
export function describe(copy: Copy): string {
  return copy.label === copy.id ? `${copy.kind} ${copy.id}` : `${copy.kind} ${copy.id} (${copy.label})`;
}

/** What a copy was made from, nearest first, as far as it still lives. */
export function ancestors<C extends Copy>(copies: readonly C[], copy: C): readonly C[] {
  const found: C[] = [];
  for (let at = parentOf(copies, copy); at !== undefined && !found.includes(at); at = parentOf(copies, at))
    found.push(at);
  return found;
}

export function asBranch(copy: Copy): Branch {
  return { ...copy, kind: 'branch' };
}

/** A checkpoint of an earlier process: nothing of it is held open. */
export function asCheckpoint(copy: Copy): Checkpoint {
  return { ...copy, kind: 'checkpoint', async [Symbol.asyncDispose]() {} };
}

function parentOf<C extends Copy>(copies: readonly C[], copy: C): C | undefined {
  return copies.find((other) => other.id === copy.parent);
}

/** How many labels a message lists. */
const shown = 12;

function matching(copies: readonly ListedCopy[], nameOrId: string): readonly ListedCopy[] {
  const byId = copies.filter((copy) => copy.id === nameOrId);
  return byId.length > 0 ? byId : copies.filter((copy) => copy.label === nameOrId);
}

/** `cp_` alone would be the id of whichever checkpoint happens to be the only one. */
const shortestBeginning = 6;

function beginningWith(copies: readonly ListedCopy[], text: string): readonly ListedCopy[] {
  return text.length < shortestBeginning ? [] : copies.filter((copy) => copy.id.startsWith(text));
}

function preferred(matches: readonly ListedCopy[]): readonly ListedCopy[] {
  const branches = matches.filter((copy) => copy.kind === 'branch' && copy.state === 'ready');
  return branches.length === 1 ? branches : matches;
}

function wrongKind(copy: Copy, kind: Copy['kind'] | undefined): ForerunError<'USAGE'> {
  return new ForerunError('USAGE', `${describe(copy)} is no ${kind ?? 'copy'}.`, {
    details: {},
    next:
      copy.kind === 'branch'
        ? `Only a checkpoint can be returned to. To make main what the branch is: forerun promote ${copy.label}`
        : `A checkpoint stays as it is. Make a branch of it: forerun branch ${copy.id} --name <name>`,
  });
}

import { ForerunError, messageOf } from '../../error.ts';
import { codeOf } from './session.ts';

/** What was tried, and why it did not work, with what to do about it. An error of ours stays as it is. */
export function asFailure(error: unknown, what: string): unknown {
  if (error instanceof ForerunError) return error;
  const next = adviceFor(codeOf(error), messageOf(error));
  return new ForerunError('PROVIDER_FAILED', `${what} failed: ${messageOf(error)}.`, {
    details: {},
    cause: error,
    ...(next === undefined ? {} : { next }),
  });
}

export function notFound(id: string, kind: string): ForerunError<'NOT_FOUND'> {
  return new ForerunError('NOT_FOUND', `There is no ${kind} ${id}, or it is incomplete.`, {
    details: { name: id },
    next: 'Look at what there is with `forerun checkpoints` and `forerun branches`.',
  });
}

export function otherMain(id: string, main: string): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `${id} is a copy of another database than "${main}".`, {
    details: { copy: id },
    next: 'Name a copy of the database at hand.',
  });
}

function adviceFor(code: string | undefined, message: string): string | undefined {
  if (code === '42501' && message.includes('create database')) {
    return 'Let the role make databases (ALTER ROLE … CREATEDB), or take the provider clone, which needs none.';
  }
  if (code === '42501' && message.includes('copy database')) {
    return "Only main's owner and superusers may copy it: connect as one of them, or be a member of the owner's role.";
  }
  if (code === '42501' && message.includes('set parameter')) {
    return 'Main has a setting of its own that only superusers may give to a copy: connect as one, or GRANT SET ON PARAMETER.';
  }
  if (code === '25006') return 'This server is a read-only standby: use the address of the primary.';
  if (message.includes('buffer is pinned in InvalidateBuffer'))
    return 'PostgreSQL says so where it could not write a copy, most often because its disk is full: free some space there.';
  if (code === '53100' || /no space left on device/i.test(message))
    return 'Free some space, or discard copies that are not needed any more (`forerun checkpoints`).';
  if (code === '42501') return 'Check the rights of the role in the address.';
  return undefined;
}

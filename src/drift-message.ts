import type { Drift } from './plan.ts';
import { shellWord } from './shell-word.ts';

/** What a disagreement means, in words, and what to do about it where it stops a run. */
export function driftMessage(drift: Drift, stops: boolean = true): string {
  switch (drift.kind) {
    case 'changed':
      return `${drift.name} was changed after it was applied. Put the file back and write a new migration, or accept it with: forerun repair ${shellWord(drift.name)} --reason "<why>"`;
    case 'missing':
      // Nothing but its name is known: it was never in the history.
      if (drift.appliedOn === '')
        return `${drift.name} stands in the framework's own record of what was applied, and its file is gone. Bring the file back from version control; or, where it is gone for good, take its row out of that record.`;
      return `${drift.name} was applied on ${drift.appliedOn} and its file is gone. Bring the file back from version control; or, where it is gone for good, accept that with: forerun repair ${shellWord(drift.name)} --reason "<why>"; or write it anew from the text that was applied, which the database keeps: forerun diff main main --query ${keptText(drift.checksum)}`;
    case 'out-of-order':
      return `${drift.name} is pending, but sorts before ${drift.after}, which is applied.${stops ? " Give it a later version, or allow it with the policy 'out-of-order': 'warn'." : ''}`;
    case 'duplicate':
      return `Version ${drift.version} is used by ${drift.names.join(' and ')}. Give one of them that is not applied another version.`;
  }
}

/** A query for the text that has a checksum, as one word of a shell. */
function keptText(checksum: string): string {
  const query = `SELECT text FROM _forerun_texts WHERE checksum = '${checksum.replaceAll("'", "''")}'`;
  return /^[\w:-]+$/.test(checksum) ? `"${query}"` : shellWord(query);
}

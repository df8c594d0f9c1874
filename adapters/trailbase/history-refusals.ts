import { ForerunError } from '../../src/error.ts';
import type { Recorded } from './system.ts';

export function notMade(): ForerunError<'FOREIGN_HISTORY'> {
  return new ForerunError('FOREIGN_HISTORY', 'This database has no table _schema_history: TrailBase never opened it.', {
    details: {},
    next: 'Start TrailBase once, so that it makes its own tables first: trail run',
  });
}

/** The table holds one row a version. */
export function reused(name: string, { version, name: other }: Recorded): ForerunError<'FOREIGN_HISTORY'> {
  return new ForerunError('FOREIGN_HISTORY', `${name} cannot be recorded: version ${version} is that of ${other}.`, {
    details: {},
    next: 'Give the file a version that no other migration has.',
  });
}

/** What Forerun applied is surely no migration of TrailBase's own. */
export function goneButNeeded(name: string, checksum: string): ForerunError<'USAGE'> {
  return new ForerunError(
    'USAGE',
    `That the file of ${name} is gone cannot be accepted: TrailBase does not start without it.`,
    {
      details: {},
      next: `Bring the file back from version control, or write it anew, byte for byte, from the text that was applied: forerun diff main main --query "SELECT text FROM _forerun_texts WHERE checksum = '${checksum}'"`,
    },
  );
}

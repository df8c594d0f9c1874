import type { Session } from '../../seams/driver.ts';
import type { History, HistoryRow, Journal, JournalEntry } from '../../seams/records.ts';
import { sqliteHistory } from '../sqlite/history.ts';
import { sqliteJournal } from '../sqlite/journal.ts';
import { asked } from './connection.ts';

/** Each question is one message, however many queries it takes. */
export function historyIn(session: Session): History {
  const here = sqliteHistory(session);
  return {
    rows: () => asked<readonly HistoryRow[]>(session, 'historyRows', [], here.rows),
    row: (name) => asked<HistoryRow | undefined>(session, 'historyRow', [name], () => here.row(name)),
    record: (row, text) => asked(session, 'historyRecord', [row, text], () => here.record(row, text)),
    remove: (name) => asked(session, 'historyRemove', [name], () => here.remove(name)),
    text: (checksum) => asked<string | undefined>(session, 'historyText', [checksum], () => here.text(checksum)),
  };
}

export function journalIn(session: Session): Journal {
  const here = sqliteJournal(session);
  return {
    read: (database) => asked<JournalEntry | undefined>(session, 'journalRead', [database], () => here.read(database)),
    write: (database, entry) => asked(session, 'journalWrite', [database, entry], () => here.write(database, entry)),
  };
}

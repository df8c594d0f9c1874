import { copy } from '../../src/providers/copy.ts';
import { providerContract } from '../contracts/provider.ts';
import { sqliteWorld } from './fixtures/sqlite-bench.ts';

providerContract('copy of a database with a WAL', copy(), () => sqliteWorld({ journalMode: 'wal' }));
providerContract('copy of a database with a rollback journal', copy(), () => sqliteWorld({ journalMode: 'delete' }));

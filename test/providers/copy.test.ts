import { providerContract } from '../contracts/provider.ts';
import { sqliteWorld } from './fixtures/sqlite-bench.ts';

providerContract('copy of a database with a WAL', () => sqliteWorld({ journalMode: 'wal' }));
providerContract('copy of a database with a rollback journal', () => sqliteWorld({ journalMode: 'delete' }));

import { providerContract } from '../contracts/provider.ts';
import { sqliteBench } from './fixtures/sqlite-bench.ts';

providerContract('copy of a database with a WAL', () => sqliteBench({ journalMode: 'wal' }));
providerContract('copy of a database with a rollback journal', () => sqliteBench({ journalMode: 'delete' }));

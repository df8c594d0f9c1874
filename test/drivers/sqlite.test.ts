import { driverContract } from '../contracts/driver.ts';
import { sqliteWorld } from './fixtures/sqlite-world.ts';

driverContract('sqlite, with a WAL', () => sqliteWorld('wal'));
driverContract('sqlite, with a rollback journal', () => sqliteWorld('delete'));

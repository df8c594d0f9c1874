import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, describe, test } from 'vitest';
import { isForerunError } from '../../src/error.ts';
import { sqlite } from '../../src/drivers/sqlite.ts';
import { newFile, newFolder } from './fixtures/sqlite-file.ts';

const driver = sqlite();
const folder = '/data/app';

function refusal(address: string): unknown {
  try {
    return driver.target(address);
  } catch (error) {
    return isForerunError(error, 'BAD_TARGET') ? error.message : error;
  }
}

describe('the address of a SQLite database', () => {
  test.each([
    [`${folder}/a.db`, `${folder}/a.db`, `${folder}/a.db`],
    [`sqlite:${folder}/a.db`, `${folder}/a.db`, `sqlite:${folder}/a.db`],
    [`sqlite://${folder}/a.db`, `${folder}/a.db`, `sqlite://${folder}/a.db`],
    [`sqlite:${folder}/a.db?mode=rwc&cache=shared`, `${folder}/a.db`, `sqlite:${folder}/a.db?mode=rwc&cache=shared`],
    [`file:${folder}/a.db`, `${folder}/a.db`, `file:${folder}/a.db`],
    [`file:${folder}/a.db?connection_limit=1`, `${folder}/a.db`, `file:${folder}/a.db?connection_limit=1`],
    [`file://${folder}/a%20b%3F.db?mode=rw#part`, `${folder}/a b?.db`, `file://${folder}/a b%3F.db?mode=rw`],
    [`file://localhost${folder}/a.db`, `${folder}/a.db`, `file://${folder}/a.db`],
    [`file:${folder}/100%.db`, `${folder}/100%.db`, `file:${folder}/100%25.db`],
    [`${folder}/what?.db`, `${folder}/what?.db`, `${folder}/what?.db`],
    [`${folder}/100%20.db`, `${folder}/100%20.db`, `${folder}/100%20.db`],
    [`sqlite:${folder}/what?/100%20.db`, `${folder}/what?/100%20.db`, `sqlite:${folder}/what?/100%20.db`],
    [`${folder}/../x/./a:b.db`, '/data/x/a:b.db', '/data/x/a:b.db'],
  ])('%s', (address, path, variable) => {
    expect(driver.target(address)).toEqual({ url: `sqlite:${path}`, path, variable });
  });

  test('is relative to the working directory', () => {
    for (const address of ['sub/a.db', './sub/a.db', 'sqlite:sub/a.db', 'sqlite://sub/a.db', 'file:./sub/a.db']) {
      expect(driver.target(address).path).toBe(join(process.cwd(), 'sub/a.db'));
    }
  });

  test.each([
    '',
    'sqlite:',
    'file:',
    ':memory:',
    'sqlite::memory:',
    'file::memory:?cache=shared',
    '/some/:memory:',
    'file:x?mode=memory',
  ])('is refused for a database in memory: "%s"', (address) => {
    expect(refusal(address)).toMatch(/^A database in memory cannot be branched/);
  });

  test.each(['file:a.db?mode=ro', 'file:/a.db?cache=shared&mode=ro', 'sqlite:a.db?mode=ro', 'file:a.db?immutable=1'])(
    'is refused where it asks for a database that is not written: %s',
    (address) => {
      expect(refusal(address)).toMatch(/asks for a database that is not written \((mode=ro|immutable)\)/);
    },
  );

  test('is refused where it names another machine or another engine, without passwords', () => {
    expect(refusal('file://host/a.db')).toMatch(/no file of this machine/);
    expect(refusal('postgres://me:s3cret@host/db')).toBe(
      'An address that begins with postgres:// is no SQLite database.',
    );
    expect(refusal('libsql://db.example.org?authToken=s3cret')).not.toMatch(/s3cret/);
  });

  test('keeps a key of its own out of what is shown', () => {
    expect(driver.target('file:/a.db?key=s3cret').url).toBe('sqlite:/a.db');
    expect(refusal('file::memory:?key=s3cret')).not.toMatch(/s3cret/);
  });

  test('means the file that has exactly that name, where there is one', () => {
    const here = newFolder();
    for (const name of ['a.db?mode=ro', 'b%20c.db', 'd#e.db']) {
      writeFileSync(join(here, name), '');
      for (const form of ['sqlite:', 'file:', ''])
        expect(driver.target(`${form}${join(here, name)}`).path).toBe(join(here, name));
    }
  });

  test('leads to one identity through links and other spellings', async () => {
    const { path } = newFile('CREATE TABLE t (a)');
    const here = newFolder();
    symlinkSync(path, join(here, 'link.db'));
    mkdirSync(join(here, 'sub'));
    const identities = await Promise.all(
      [path, join(here, 'link.db'), join(here, 'sub', '..', 'link.db'), `file:${relative(process.cwd(), path)}`].map(
        (address) => driver.identity(driver.target(address)),
      ),
    );
    expect(new Set(identities)).toEqual(new Set([`sqlite:${path}`]));
  });
});

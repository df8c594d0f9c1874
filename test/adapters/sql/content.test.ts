import { symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createUsers, dropUsers, failure, folder, listed, refusal } from './folder.ts';
import type { Files } from './folder.ts';

describe('the content of a migration', () => {
  it.each<[string, string | Uint8Array, RegExp]>([
    ['an empty file', '', /1_a\.sql has no statement/],
    ['comments only', '-- nothing\n/* here\n */ ;\n', /has no statement/],
    ['an empty up section', `-- migrate:up\n-- migrate:down\n${dropUsers}`, /has no statement/],
    [
      'bytes that are no UTF-8',
      Buffer.from('SELECT 1;\n-- \uFFFD gr\xFC\xDF', 'latin1'),
      /1_a\.sql:2 is not valid UTF-8 at byte offset 13/,
    ],
    ['a sequence cut short', Buffer.from([0x2d, 0x2d, 0xef, 0xbf, 0xbd, 0xc3]), /not valid UTF-8 at byte offset 5/],
    ['UTF-16', Buffer.from('\uFEFFSELECT 1', 'utf16le'), /not valid UTF-8 at byte offset 0/],
    ['a NUL byte', 'SELECT 1;\0', /has a NUL byte at byte offset 9/],
    [
      'an option on a marker',
      '-- migrate:up transaction:false\nVACUUM;',
      /1_a\.sql:1 has `transaction:false` behind its section marker/,
    ],
    ['a down without an up', `\n-- migrate:down\n${dropUsers}`, /:2 has no `-- migrate:up` above/],
    ['a down above the up', '-- migrate:down\n-- migrate:up\n', /:1 has no `-- migrate:up` above/],
    ['two ups', `-- migrate:up\n${createUsers}-- migrate:up\n`, /:3 has a section too many/],
    ['two downs', '-- migrate:up\n-- migrate:down\n-- migrate:down\n', /:3 has a section too many/],
    ['a statement above the up', `-- x\n\n${createUsers}-- migrate:up\n${createUsers}`, /:3 has a statement above its/],
    [
      'a marker that is indented',
      `-- migrate:up\n${createUsers}  -- migrate:down\n${dropUsers}`,
      /:3 has the line `-- migrate:down`/,
    ],
    [
      'a marker with a space in it',
      `-- migrate: up\n${createUsers}`,
      /:1 has the line `-- migrate: up`, which is like a section marker/,
    ],
    ['a marker in capitals', `-- Migrate:Up\n${createUsers}`, /like a section marker/],
    [
      'the markers of goose',
      `-- +goose Up\n${createUsers}-- +goose Down\n${dropUsers}`,
      /:1 has the line `-- \+goose Up`/,
    ],
    ['the markers of sql-migrate', `-- +migrate Up\n${createUsers}`, /:1 has the line `-- \+migrate Up`/],
  ])('is refused: %s', async (_, content, message) => {
    const error = await refusal({ '1_a.sql': content });
    expect(error.code).toBe('BAD_MIGRATION');
    expect(error.message).toMatch(message);
    expect(error.next).toBeTruthy();
  });

  it.each<[string, Files]>([
    ['an up half', { '1_a.up.sql': `-- migrate:up\n${createUsers}` }],
    ['a down half', { '1_a.up.sql': createUsers, '1_a.down.sql': `\n-- migrate:down\n${dropUsers}` }],
    ['an up in a folder', { '1_a/up.sql': `-- migrate:up\n${createUsers}` }],
    ['a file with an undo', { 'V1__a.sql': `-- migrate:up\n${createUsers}`, 'U1__a.sql': dropUsers }],
  ])('has no sections in %s', async (_, files) => {
    expect((await refusal(files)).message).toMatch(
      /:\d has a section marker, and its name says already which way it goes/,
    );
  });

  it('may speak of migrating in comments', async () => {
    const text = `-- migrate up to here; see migrate:up\n-- migrate:upwards\n${createUsers}`;
    expect(await listed(await folder({ '1_a.sql': text }))).toHaveLength(1);
  });

  it('is not blank where only some engines take it for a comment', async () => {
    expect(await listed(await folder({ '1_a.sql': '/*!40101 SET x */;', '2_b.sql': '# x' }))).toHaveLength(2);
  });

  it('is read through links, and links that lead nowhere are refused', async () => {
    const directory = await folder({ '1_a.sql': createUsers });
    await symlink(join(directory, 'nowhere'), join(directory, '2_b.sql'));
    await symlink('3_c.sql', join(directory, '3_c.sql'));
    const error = await failure(listed(directory));
    expect(error.message).toMatch(
      /2 problems.*\n- 2_b\.sql cannot be read \(ENOENT.*\n- 3_c\.sql cannot be read \(ELOOP/,
    );
  });

  it('is refused where it is neither a file nor a folder, without waiting for it', async () => {
    const directory = await folder({});
    const server = createServer();
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(join(directory, '1_a.sql'), resolve));
    expect((await failure(listed(directory))).message).toMatch(
      /1_a\.sql cannot be read \(it is neither a file nor a folder\)/,
    );
  });
});

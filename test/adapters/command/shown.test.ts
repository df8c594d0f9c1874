import { expect, test } from 'vitest';
import { shown } from '../../../adapters/command/tail.ts';

test('what a command printed is shown without passwords and values of rows', () => {
  const text = [
    'connecting to postgres://deploy:s3cr%40t@db.example/shop',
    'password is s3cr@t',
    'ERROR: duplicate key value violates unique constraint "users_email"',
    'DETAIL:  Key (email)=(alice@example.com) already exists.',
    "  detail: 'Key (email)=(alice@example.com) already exists.',",
    '',
  ].join('\n');
  expect(shown(text, ['postgres://deploy:s3cr%40t@db.example/shop', 'app.db'])).toBe(
    [
      'connecting to postgres://deploy:***@db.example/shop',
      'password is ***',
      'ERROR: duplicate key value violates unique constraint "users_email"',
    ].join('\n'),
  );
});

test('of much only the last lines are shown', () => {
  const text = Array.from({ length: 50 }, (_, at) => `line ${at}`).join('\n');
  expect(shown(text, [])).toMatch(/^line 30\n[^]*line 49$/);
});

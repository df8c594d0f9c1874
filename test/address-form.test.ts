import { expect, test } from 'vitest';
import { isNoPath, withoutSecrets } from '../src/address-form.ts';

test.each([
  ['postgres://u:secret@h:5432/d', 'postgres://u@h:5432/d'],
  ['postgres://u:s@cr/et@h/d?sslmode=require', 'postgres://u@h/d?sslmode=require'],
  ['postgres://u:se?cr@et@h/d?sslmode=require', 'postgres://u@h/d?sslmode=require'],
  ['postgres://h:5432/d?application_name=a@b', 'postgres://h:5432/d?application_name=a@b'],
  ['postgres://u@h/d?password=secret&sslmode=require', 'postgres://u@h/d?sslmode=require'],
  ['postgres://u@h/d?sslpassword=secret', 'postgres://u@h/d'],
  ['postgres://:secret@h/d?application_name=a@b', 'postgres://@h/d?application_name=a@b'],
  ['libsql://h/d?authToken=secret', 'libsql://h/d'],
  ['postgres://u@h:5432/d', 'postgres://u@h:5432/d'],
  ['postgres:///d?host=/run/pg&user=u', 'postgres:///d?host=/run/pg&user=u'],
  ['my app@home.db', 'my app@home.db'],
  ['sqlite:a:b@c.db', 'sqlite:a:b@c.db'],
])('of %s nothing is shown that may be a password', (address, shown) => {
  expect(withoutSecrets(address)).toBe(shown);
});

test.each([
  ['app.db', false],
  ['sqlite:app.db', false],
  ['file:/data/app.db', false],
  ['C:\\data\\app.db', false],
  ['postgres:app', true],
  ['postgresql+psycopg://u:p@h/d', true],
  ['host=/tmp dbname=x password=secret', true],
  ['  service=prod', true],
  ['hosts/app.db', false],
])('%s is no path: %s', (address, answer) => {
  expect(isNoPath(address)).toBe(answer);
});

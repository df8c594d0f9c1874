import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeSilence } from '../../src/drivers/sqlite-in-vm/silence.ts';

test('a file is silent once it was left alone for so many looks, however old it is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'forerun-silence-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'alive');
  writeFileSync(file, '');
  utimesSync(file, 1, 1);
  const silence = makeSilence(3);
  expect([1, 2, 3].map(() => silence(file))).toEqual([false, false, false]);
  utimesSync(file, 2, 2);
  expect([1, 2, 3, 4, 5].map(() => silence(file))).toEqual([false, false, false, true, true]);
});

import { basename } from 'node:path';
import type { Driver } from '../../src/seams/driver.ts';
import type { Apply, Migration } from '../../src/seams/source.ts';
import { isBlank, placeholder } from './blank.ts';
import { readSqlFile } from './file.ts';
import type { Found } from './found.ts';
import type { Problem } from './problem.ts';
import { firstMarker, sectionsOf } from './sections.ts';
import type { Sections } from './sections.ts';

type Script = Pick<Driver, 'script'>;
type Report = (problem: Problem) => void;

/** Reads the files of one migration. Every problem in them is reported; what is answered then is not to be used. */
export function readMigration(found: Found, driver: Script, report: Report): Migration | undefined {
  const file = readSqlFile(found.up, report);
  const own = ownDown(found, driver, report);
  const parts = file && partsOf(found, file.text, report);
  if (!file || !parts) return undefined;
  if (isBlank(parts.up)) report(blank(found.up, file.text));
  const { version, name, up } = found;
  const section = parts.down === undefined ? {} : { down: driver.script(parts.down, up) };
  return { version, name, ...file, file: up, language: 'sql', up: driver.script(parts.up, up), ...section, ...own };
}

/** The down in a file of its own. */
function ownDown({ down }: Found, driver: Script, report: Report): { down?: Apply; downFile?: string } {
  const text = down === undefined ? undefined : readSqlFile(down, report)?.text;
  if (down === undefined || text === undefined || isBlank(text)) return {};
  refuseMarker(down, text, report);
  return { down: driver.script(text, down), downFile: down };
}

function partsOf({ style, up, down }: Found, text: string, report: Report): Sections | undefined {
  if (down !== undefined || style === 'pair' || style === 'folder') {
    refuseMarker(up, text, report);
    return { up: text };
  }
  const parts = sectionsOf(text);
  if (!('what' in parts)) return parts;
  report({ file: up, ...parts });
  return undefined;
}

function refuseMarker(file: string, text: string, report: Report): void {
  const line = firstMarker(text);
  if (line === undefined) return;
  const what = 'has a section marker, and its name says already which way it goes';
  report({
    file,
    line,
    what,
    next: `Take the marker out of \`${basename(file)}\`, or keep up and down in one file \`001_name.sql\`.`,
  });
}

function blank(file: string, text: string): Problem {
  if (!text.includes(placeholder)) {
    return {
      file,
      what: 'has no statement',
      next: `Write the statements of \`${file}\`, or take it away if it was never applied.`,
    };
  }
  const next = `Write the statements of \`${file}\` where its comment says so, or take it away.`;
  return { file, what: 'was created and awaits its statements', next };
}

import { rename, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openDatabase } from '../sqlite/client.ts';
import { whenFree } from '../sqlite/busy.ts';
import { pathOf } from '../sqlite/target.ts';
import { versionOf, type Version } from '../sqlite/version.ts';
import { hasDocument, readDocuments, removeDocument, removeDocuments, writeDocument } from './documents.ts';
import { endOthers } from './others.ts';
import type { Held } from './held.ts';
import type { Methods } from './peer.ts';
import { endSiblings, siblingsOf, type About } from './siblings.ts';
import { targetAt } from './target-at.ts';

/** What the agent is asked by whoever copies its VM. `folder` is its own. */
export function serveCopies(folder: string, held: Held): Methods {
  const runs = new Set<string>();
  const holds = new Set<string>();
  const about = (): About => ({ runs: [...runs], holds: [...holds] });
  const tell = async (): Promise<void> => {
    await writeFile(join(folder, '.about'), JSON.stringify(about()));
    await rename(join(folder, '.about'), join(folder, 'about'));
  };
  return {
    async forRun(run: string) {
      runs.add(run);
      await tell();
    },
    endRun: (_main: string, run: string) =>
      endSiblings(siblingsOf(folder).filter((sibling) => sibling.about.runs.includes(run))),
    endAgent: (token: string) =>
      endSiblings(siblingsOf(folder).filter((sibling) => basename(sibling.folder) === token)),
    async hold(id: string) {
      holds.add(id);
      await tell();
    },
    async release(id: string) {
      holds.delete(id);
      await tell();
    },
    living: () => [
      about(),
      ...siblingsOf(folder)
        .filter(({ pid }) => pid !== undefined)
        .map((sibling) => sibling.about),
    ],
    records: (main: string) => readDocuments(targetAt(main)),
    saveRecord: (main: string, id: string, text: string) => writeDocument(targetAt(main), id, text),
    forgetRecord: (main: string, id: string) => removeDocument(targetAt(main), id),
    async size(main: string) {
      const path = pathOf(targetAt(main));
      const wal = await stat(`${path}-wal`).catch(() => undefined);
      return (await stat(path)).size + (wal?.size ?? 0);
    },
    /** Whether it is a copy of what it is thought to be; from now on it is known as a copy itself. */
    async become(main: string, proof: string, id: string) {
      const target = targetAt(main);
      if (!(await hasDocument(target, proof))) return false;
      await removeDocuments(target);
      await writeDocument(target, id, JSON.stringify({ self: true }));
      return true;
    },
    async endOthers(main: string) {
      await endSiblings(siblingsOf(folder));
      return endOthers(targetAt(main));
    },
    async version(main: string) {
      const path = pathOf(targetAt(main));
      const connection = await openDatabase(path);
      let version: Version | undefined;
      await whenFree(
        () => {
          connection.exec('BEGIN');
          connection.prepare('SELECT count(*) FROM sqlite_schema').get();
          version = versionOf(path, connection);
          connection.exec('COMMIT');
        },
        { what: 'reading the version of main' },
      );
      return held.put({ version, [Symbol.asyncDispose]: async () => version?.close() } as AsyncDisposable);
    },
    hasMoved: (id: number) =>
      whenFree(() => (held.get(id) as { readonly version: Version }).version.moved(), {
        what: 'reading the version of main',
      }),
  };
}

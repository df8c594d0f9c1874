import { createReadStream, createWriteStream } from 'node:fs';
import { appendFile, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { openDatabase } from '../sqlite/client.ts';
import { pathOf } from '../sqlite/target.ts';
import type { Methods } from './peer.ts';
import { targetAt } from './target-at.ts';

/** What the agent is asked where a file has to go from one VM to another. `folder` is its own. */
export function serveFiles(folder: string): Methods {
  let files = 0;
  const newFile = (): string => join(folder, `file-${(files += 1)}`);
  return {
    async pack(path: string) {
      const plain = newFile();
      const database = await openDatabase(pathOf(targetAt(path)));
      try {
        await database.backup(plain);
      } finally {
        database.close();
      }
      await pipeline(createReadStream(plain), createGzip({ level: 1 }), createWriteStream(`${plain}.gz`));
      await rm(plain);
      return `${plain}.gz`;
    },
    async read(file: string, offset: number) {
      const handle = await open(file);
      try {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(partBytes), 0, partBytes, offset);
        return buffer.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    },
    async unpackBegin() {
      const file = newFile();
      await writeFile(`${file}.gz`, '');
      return file;
    },
    write: (file: string, bytes: Buffer) => appendFile(`${file}.gz`, bytes),
    async unpackEnd(file: string) {
      await pipeline(createReadStream(`${file}.gz`), createGunzip(), createWriteStream(file));
      await rm(`${file}.gz`);
    },
    removeFile: (file: string) => rm(file, { force: true }),
  };
}

/** A part is one message, as text a third longer. */
const partBytes = 4 * 1024 * 1024;

import type { Agents } from './agents.ts';
import type { Place } from './address.ts';

/**
 * Brings a copy of a file into another VM, packed and in parts, through this machine: two files can be compared only where
 * both are. Answers its path there; disposing removes it.
 */
export async function bring(
  agents: Agents,
  from: Place,
  vm: string,
): Promise<{ readonly path: string } & AsyncDisposable> {
  const [source, sink] = await Promise.all([agents.in(from.vm), agents.in(vm)]);
  const packed = await source.peer.call('pack', from.path);
  const path = (await sink.peer.call('unpackBegin')) as string;
  for (let offset = 0; ;) {
    const bytes = (await source.peer.call('read', packed, offset)) as Buffer;
    if (bytes.length === 0) break;
    await sink.peer.call('write', path, bytes);
    offset += bytes.length;
  }
  await Promise.all([source.peer.call('removeFile', packed), sink.peer.call('unpackEnd', path)]);
  return {
    path,
    async [Symbol.asyncDispose]() {
      if (sink.failure() === undefined) await sink.peer.call('removeFile', path);
    },
  };
}

import type { Readable } from 'node:stream';

const kept = 4000;
/** A program that left the group may hold the streams for longer than anybody wants to wait, in milliseconds. */
const drainMs = 200;

/** Hands on to stderr what a program prints, and keeps the end of it. */
export function tailOf(streams: readonly Readable[]): { end(): Promise<string> } {
  let text = '';
  for (const stream of streams) {
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => {
      process.stderr.write(chunk);
      text = (text + chunk.toString()).slice(-kept);
    });
  }
  return {
    async end() {
      await Promise.race([Promise.all(streams.map(closed)), new Promise((done) => setTimeout(done, drainMs))]);
      for (const stream of streams) stream.destroy();
      return text;
    },
  };
}

async function closed(stream: Readable): Promise<void> {
  if (stream.closed) return;
  await new Promise<void>((resolve) => void stream.once('close', resolve));
}

/**
 * What may be shown of it: without the passwords of addresses, and without lines in which servers name the values of a
 * row.
 */
export function shown(text: string, addresses: readonly string[]): string {
  const secrets = addresses.flatMap(passwordsIn);
  const lines = text
    .trimEnd()
    .split(/\r?\n/)
    .filter((line) => !/\bdetail\b\W*[:=]/i.test(line))
    .slice(-20);
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), lines.join('\n'));
}

function passwordsIn(address: string): readonly string[] {
  const raw = /^[a-z][\w+.-]*:\/\/[^/@]*?:([^@]+)@/i.exec(address)?.[1];
  if (raw === undefined) return [];
  try {
    return [raw, decodeURIComponent(raw)];
  } catch {
    return [raw];
  }
}

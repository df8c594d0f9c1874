import { ForerunError } from '../../error.ts';
import { call, type CallOptions } from './call.ts';
import { jsonIn } from './json.ts';

/** How the command line wants to be spoken to. */
export type Grammar = 'v0.10' | 'newest';

/**
 * Asks for what only the newest can do; where that is unknown, the version decides. What is older than v0.10.0 runs
 * commands in another way, and is refused.
 */
export async function probe(options: CallOptions): Promise<Grammar> {
  const context = await call(['agent-context'], options);
  const found = context.code === 0 ? jsonIn(context.stdout) : undefined;
  if (typeof found === 'object' && found !== null && 'schema_version' in found) {
    if (String(found.schema_version) === '1') return 'newest';
    throw refused(
      options.cli,
      `describes itself in a form that Forerun does not know (${String(found.schema_version)})`,
    );
  }
  const said = await call(['--version'], options);
  const [, major, minor] = /(\d+)\.(\d+)\.\d+/.exec(said.stdout) ?? [];
  const version = `${major ?? '?'}.${minor ?? '?'}`;
  if (major === '0' && minor === '10') return 'v0.10';
  if (major === '0' && Number(minor) < 10) throw tooOld(options.cli, version);
  throw refused(options.cli, `is a version that Forerun does not know (${version})`);
}

function tooOld(cli: string, version: string): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `The command line of Vers, ${cli}, is ${version}: too old.`, {
    details: {},
    next: 'Forerun needs 0.10.0 or later. Type: vers upgrade',
  });
}

function refused(cli: string, why: string): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `The command line of Vers, ${cli}, ${why}.`, {
    details: {},
    next: 'Use 0.10.0, or a release with the command agent-context; or take a later Forerun.',
  });
}

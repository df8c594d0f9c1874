// Part of a stand-in for Vers, for tests alone: takes a command's flags apart. What it does not know it refuses.
import { Failure } from './failure.mjs';

/** `known`: `name|letter` with `flag` or `text`. `flags.json` is whether JSON was asked for, in whichever grammar. */
export function parse(args, { newest }, known, most = 0, interspersed = true) {
  const kinds = new Map();
  for (const [names, kind] of Object.entries(known)) {
    const [name, letter] = names.split('|');
    if (name === 'json' && !newest) continue;
    kinds.set(`--${name}`, { name, kind });
    if (letter !== undefined) kinds.set(`-${letter}`, { name, kind });
  }
  const flags = {};
  const given = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at];
    if (!arg.startsWith('-') || arg === '-' || (!interspersed && given.length > 0)) {
      given.push(arg);
      continue;
    }
    const [word, value] = arg.startsWith('--') ? arg.split(/=(.*)/s) : [arg];
    const found = kinds.get(word);
    if (found === undefined) throw new Failure(`unknown ${word.startsWith('--') ? 'flag' : 'shorthand flag'}: ${word}`);
    flags[found.name] = found.kind === 'flag' ? true : (value ?? args[(at += 1)]);
  }
  if (given.length > most) throw new Failure(`accepts at most ${most} arg(s), received ${given.length}`);
  if (flags.format !== undefined) {
    if (newest && flags.format !== 'json') throw new Failure(`invalid format "${flags.format}"`);
    if (newest) process.stderr.write('Flag --format has been deprecated, use --json\n');
    // Anything else means text, silently.
    flags.json = flags.format === 'json';
  }
  return { flags, given };
}

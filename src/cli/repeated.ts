import { withoutSecrets } from '../address-form.ts';
import { shellWord } from '../shell-word.ts';
import type { CommonOptions } from './common-options.ts';

/**
 * Completes every `forerun <verb>` that a text advises by the options that said which database is meant, so that it does
 * the same when it is typed as it stands, save for a password, which is not shown. They come right after the verb: all
 * verbs know them.
 */
export function withOptions(options: CommonOptions): (text: string) => string {
  const names = ['config', 'database', 'migrations', 'adapter', 'provider'] as const;
  const typed = names.flatMap((name) => {
    const value = options[name];
    if (value === undefined) return [];
    return [` --${name} ${shellWord(name === 'database' ? withoutSecrets(value) : value)}`];
  });
  if (typed.length === 0) return (text) => text;
  return (text) => text.replace(advised, (command) => `${command}${typed.join('')}`);
}

/** `init` and help have no database. */
const verbs =
  'status|up|down|gate|checkpoints?|rollback|branch|branches|discard|exec|diff|promote|repair|baseline|doctor|create';
const advised = new RegExp(`(?<![\\w/.-])forerun (?:${verbs})(?![\\w/.-])(?! --help)`, 'g');

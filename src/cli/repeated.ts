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
  const complete = (text: string): string => text.replace(advised, (advice) => `${advice}${typed.join('')}`);
  const { command } = options;
  if (command !== undefined) return (text) => complete(withCommand(text, command.map(shellWord).join(' ')));
  return typed.length === 0 ? (text) => text : complete;
}

/** The command that was typed behind `--` goes along where it is run, and is named by its adapter elsewhere. */
function withCommand(text: string, command: string): string {
  return text
    .replace(advised, (advice) => (/ (?:up|gate)$/.test(advice) ? advice : `${advice} --adapter command`))
    .replace(running, (advice) => `${advice} -- ${command}`);
}

/** `init` and help have no database. */
const verbs =
  'status|up|down|gate|checkpoints?|rollback|branch|branches|discard|exec|diff|promote|repair|baseline|doctor|create';
const advised = new RegExp(`(?<![\\w/.-])forerun (?:${verbs})(?![\\w/-]|\\.\\w)(?! --help)`, 'g');
const running = /(?<![\w/.-])forerun (?:up|gate)(?![\w/.-])(?: --safe)?(?! --)/g;

import type { Config } from '../config.ts';
import type { RunOptions } from '../run-log.ts';
import { configOf } from './config-of.ts';
import type { Asked } from './request.ts';
import type { Supervision } from './worker.ts';

/** A configuration that takes longer than this to load is waited for aloud, in milliseconds. */
const worthTellingMs = 3000;

/** The worker of this program: waits for what is asked, does it, answers, and ends this process. */
export async function serve({ task, request, signal, onEvent, answer }: Supervision): Promise<never> {
  // While the supervisor reads the arguments.
  const library = import('../index.ts');
  return answer(async () => {
    const { options, asked } = await request;
    const late = setTimeout(
      () => onEvent({ type: 'told', message: 'The configuration is not loaded yet; waiting for it.' }),
      worthTellingMs,
    );
    // It may wait for what never comes.
    const config = await Promise.race([configOf(options), rejectedBy(signal)]).finally(() => clearTimeout(late));
    if (task.kind === 'run') return work(await library, config, asked, { signal, onEvent });
    const { resolveConfig } = await import('../config.ts');
    const { recoverAfterKill } = await import('./recover-verb.ts');
    return recoverAfterKill(await resolveConfig(config), task.died);
  });
}

async function work(
  library: typeof import('../index.ts'),
  config: Config,
  asked: Asked,
  run: RunOptions,
): Promise<unknown> {
  switch (asked.verb) {
    case 'up':
      return library.up(config, { ...asked.choices, ...run });
    case 'down':
      return library.down(config, { ...asked.choices, ...run });
    case 'gate':
      return library.gate(config, run);
    case 'promote':
      return library.promote(config, asked.branch, run);
    case 'checkpoint':
      return library.checkpoint(config, asked.label, run);
    case 'branch':
      return library.branch(config, { ...asked.choices, ...run });
    case 'diff':
      return library.diff(config, asked.a, asked.b, { ...asked.choices, ...run });
    case 'rollback':
      return library.rollback(config, asked.checkpoint, run);
  }
}

/** Never resolves. */
async function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    if (signal.aborted) reject(signal.reason as Error);
  });
}

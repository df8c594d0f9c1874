import type { Event, Phase } from '../events.ts';
import { count, duration, size } from './quantities.ts';
import type { Style } from './style.ts';

/** The line that an event leaves behind on a terminal; most leave none. `verb` is that of the run, where it is one. */
export function phaseText(event: Event, style: Style, verb?: string): string | undefined {
  switch (event.type) {
    case 'phase:finished':
      return `${event.failing === true ? style.red('✗') : style.green('✓')} ${label(event, verb)} ${style.dim(duration(event.ms))}`;
    case 'lock:waiting':
      return `${style.yellow('…')} Another deployer holds the run lock${event.holder === undefined ? '' : ` (${event.holder})`}; waiting`;
    case 'told':
      return `${style.yellow('…')} ${event.message}`;
    case 'planned':
      if (verb === 'promote') return `  the branch differs from main by ${count(event.pending.length, 'migration')}`;
      return `  ${count(event.pending.length, 'migration')} to ${verb === 'down' ? 'revert' : 'do'}, ${event.applied} applied${event.drift.length === 0 ? '' : `, ${style.red(count(event.drift.length, 'disagreement'))} of files and history`}`;
    case 'copy:made':
      return style.dim(`  ${event.copy.id} ${event.copy.way} ${size(event.copy.bytes)}`);
    case 'rehearsed':
      return event.findings.some((finding) => finding.severity === 'block')
        ? `${style.red('✗')} ${event.migration} did not pass`
        : undefined;
    case 'rolled-back':
      return `${style.red('✗')} ${event.migration} ${verb === 'down' ? 'was not reverted on' : 'did not get onto'} main, which is as it was before`;
    default:
      return undefined;
  }
}

/** What is going on, for the moving indicator. */
export function phaseLabel(event: Extract<Event, { type: 'phase:started' }>, verb?: string): string {
  return label(event, verb);
}

function label({ phase, subject }: { readonly phase: Phase; readonly subject?: string }, verb?: string): string {
  const name = (verb === 'down' ? namesDown[phase] : undefined) ?? names[phase];
  return [name, subject].filter((part) => part !== undefined).join(' ');
}

const names: Readonly<Record<Phase, string>> = {
  lock: 'lock',
  recover: 'recover',
  plan: 'plan',
  checkpoint: 'checkpoint before',
  branch: 'branch',
  rehearse: 'rehearse',
  check: 'checks',
  promote: 'promote',
  tidy: 'tidy up',
};

/** Of a `down`: what is promoted then is a branch on which migrations were reverted. */
const namesDown: Readonly<Partial<Record<Phase, string>>> = { rehearse: 'rehearse down of', promote: 'revert' };

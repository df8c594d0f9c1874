import type { Event, Listener } from '../events.ts';
import { phaseLabel, phaseText } from '../reports/phase-text.ts';
import { duration } from '../reports/quantities.ts';
import { canMove, type Output } from './output.ts';

export interface Progress {
  readonly onEvent: Listener;
  /** Prints what the worker printed, above the indicator. */
  readonly onOutput: (chunk: Uint8Array) => void;
  stop(): void;
}

/** A phase that takes longer than this gets an indicator that moves, in milliseconds. */
const patienceMs = 500;
/** Where nothing can move (a log), a phase that takes longer than this is named once. */
const slowMs = 10_000;

/** One line for each phase as it ends; of one that goes on, what it is and for how long. */
export function startProgress(output: Output): Progress {
  const { stderr } = process;
  const running: Running[] = [];
  let verb: string | undefined;
  let drawn = false;
  let printed = false;
  const say = (text: string | Uint8Array): void => {
    if (drawn) output.redraw('');
    drawn = false;
    if (text.length > 0) output.say(text);
  };
  const line = (text: string): void => {
    say(`${text}\n`);
    printed = true;
  };
  const draw = (): void => {
    const current = running.at(-1);
    const elapsed = performance.now() - (current?.since ?? 0);
    if (current === undefined || elapsed < patienceMs) return;
    if (canMove(stderr)) {
      output.redraw(indicator(current, elapsed).slice(0, (stderr.columns || 80) - 1));
      drawn = true;
    } else if (elapsed > slowMs && !current.told) {
      current.told = true;
      line(`… ${current.label}`);
    }
  };
  const timer = output.quiet ? undefined : setInterval(draw, 100).unref();
  return {
    onEvent(event) {
      if (event.type === 'run:started') verb = event.verb;
      track(event, running, verb);
      const text = output.quiet ? undefined : phaseText(event, output.aside.style, verb);
      if (text === undefined) say('');
      else line(text);
    },
    onOutput: say,
    stop() {
      clearInterval(timer);
      say(printed ? '\n' : '');
    },
  };
}

interface Running {
  readonly label: string;
  readonly since: number;
  told: boolean;
}

const frames = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'];

function indicator({ label }: Running, elapsed: number): string {
  return `${frames[Math.floor(elapsed / 100) % frames.length] ?? ''} ${label} ${duration(elapsed)}`;
}

/** Phases may lie inside others; one that failed never says that it ended. */
function track(event: Event, running: Running[], verb: string | undefined): void {
  if (event.type === 'phase:started')
    running.push({ label: phaseLabel(event, verb), since: performance.now(), told: false });
  if (event.type === 'phase:finished') {
    const label = phaseLabel({ ...event, type: 'phase:started', at: '' }, verb);
    const at = running.findLastIndex((phase) => phase.label === label);
    if (at >= 0) running.length = at;
  }
  if (event.type === 'run:finished') running.length = 0;
}

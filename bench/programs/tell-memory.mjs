// Imported before a program: tells the most memory that the process had, at its end. `resourceUsage().maxRSS` will not
// do, as a new process begins with what its parent had.
import { readFileSync, writeSync } from 'node:fs';

process.on('exit', () => {
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  writeSync(3, String(Number(peak[1]) * 1024));
});

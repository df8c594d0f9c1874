#!/usr/bin/env node
// A stand-in for the Vers command line, for tests alone. It behaves as v0.10.0 was measured to (or, where the account
// says so, as what came after it is described), traps included, on an account that is a folder: VERS_URL=file:/folder.
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { commands } from './commands.mjs';
import { faultsFor, grammarOf, logCall } from './account.mjs';
import { Failure } from './failure.mjs';

const args = process.argv.slice(2);
const url = process.env.VERS_URL ?? '';
if (!url.startsWith('file:')) fail(new Failure(`the stand-in for Vers knows no service at "${url}"`));
const root = fileURLToPath(url);
const newest = grammarOf(root) === 'newest';
// It takes what stands there for its environment: a key of another account, for one.
if (existsSync('.env')) logCall(root, 'dotenv', process.cwd());
logCall(root, 'vers', ...args);
const fault = await faultsFor(root, 'cli');
if (fault.hang) await sleep(1e8);
if (fault.debug) process.stdout.write('[DEBUG] something that nobody asked for\n');
try {
  await main();
} catch (error) {
  fail(error);
}
if (fault.update) process.stdout.write('💡 Update available: v9.9.9 (run vers upgrade)\n');

async function main() {
  const [name = 'help', ...given] = args.filter((arg) => arg !== '-V' && arg !== '--verbose');
  const rest = fault.prose ? given.filter((arg) => !/^(?:--json|--format|json)$/.test(arg)) : given;
  if (name === '--version') return void process.stdout.write(`vers version ${newest ? 'v0.12.0' : grammarOf(root)}\n`);
  if (name === 'help') return void process.stdout.write('A CLI tool to manage Vers virtual environments\n');
  const command = commands[name];
  if (command === undefined || (command.newest && !newest)) throw new Failure(`unknown command "${name}" for "vers"`);
  ensureKey();
  await command.run({ root, newest }, rest);
}

/** A key that was revoked is the service's affair; here only whether there is one. */
function ensureKey() {
  const file = join(process.env.HOME ?? homedir(), '.versrc');
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).apiKey : undefined;
  if (process.env.VERS_API_KEY || kept) return;
  process.stdout.write('No API key found. Please run "vers login" to authenticate.\n');
  throw new Failure('authentication required');
}

function fail(error) {
  if (!(error instanceof Failure) && !(error instanceof TypeError)) throw error;
  if (!error.quiet) process.stderr.write(`Error: ${error.message}\nUsage:\n  vers [command]\n\nFlags:\n  -h, --help\n`);
  process.exit(error.code ?? codeFor(error.message));
}

/** By the text of the error, as it is there. */
function codeFor(message) {
  if (/401|403/.test(message)) return 2;
  if (/404|not found/.test(message)) return 3;
  if (/409|conflict/.test(message)) return 4;
  if (/400/.test(message)) return 5;
  if (/deadline exceeded|timeout/.test(message)) return 6;
  return 1;
}

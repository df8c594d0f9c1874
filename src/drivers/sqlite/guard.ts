import { statSync, type BigIntStats } from 'node:fs';
import { createRequire, isBuiltin, syncBuiltinESMExports } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Guarding } from '../../seams/driver.ts';

/**
 * Makes this process refuse to open one file as a database, under whatever name: through any native addon that is loaded
 * from now on, and through Node's own SQLite. What it cannot refuse (a program that is none of Node, a file's name in a
 * parameter of ATTACH) is noticed on main afterwards.
 */
export function guard({ path }: Guarded, explanation: string): Guarding {
  const guarded = statSync(path, { bigint: true });
  const refuse: Refuse = (args) => {
    for (const arg of args) {
      if (typeof arg !== 'string' || !filesIn(arg).some((file) => isSame(file, guarded))) continue;
      throw Object.assign(new Error(explanation), { code: 'FORERUN_MAIN_REFUSED' });
    }
  };
  const dlopen = process.dlopen.bind(process);
  process.dlopen = (module: { exports?: unknown }, ...rest: [filename: string, flags?: number]) => {
    dlopen(module, ...rest);
    module.exports = guardedAddon(module.exports, refuse);
  };
  guardBuiltin(refuse);
  return {};
}

/** What is not to be opened. */
export interface Guarded {
  readonly path: string;
}

type Refuse = (args: readonly unknown[]) => void;
type Callable = (...args: unknown[]) => unknown;

/** An addon whose functions and constructors look at their arguments first. */
function guardedAddon(exports: unknown, refuse: Refuse): unknown {
  if (typeof exports === 'function') return guardedFunction(exports as Callable, refuse);
  if (typeof exports === 'object' && exports !== null) guardMembers(exports, () => true, refuse);
  return exports;
}

function guardedFunction(original: Callable, refuse: Refuse): Callable {
  const prototype: unknown = original.prototype;
  // A connection to the branch reaches other files by ATTACH, and by a backup onto them.
  if (typeof prototype === 'object' && prototype !== null) guardMembers(prototype, isGuardedMethod, refuse);
  const proxy: Callable = new Proxy(original, {
    apply(target, self, args: unknown[]) {
      refuse(args);
      return Reflect.apply(target, self, args);
    },
    construct(target, args: unknown[], newTarget) {
      refuse(args);
      return Reflect.construct(target, args, newTarget === proxy ? target : newTarget) as object;
    },
  });
  return proxy;
}

function guardMembers(object: object, isGuarded: (name: string) => boolean, refuse: Refuse): void {
  for (const [name, { value, writable }] of Object.entries(Object.getOwnPropertyDescriptors(object))) {
    if (typeof value !== 'function' || writable !== true || !isGuarded(name)) continue;
    Object.assign(object, { [name]: guardedFunction(value as Callable, refuse) });
  }
}

/** Not those that take the values of a statement's parameters: these are data, and many. */
function isGuardedMethod(name: string): boolean {
  return ['exec', 'prepare', 'backup'].includes(name);
}

function guardBuiltin(refuse: Refuse): void {
  const require = createRequire(import.meta.url);
  if (!isBuiltin('node:sqlite')) return;
  const emitWarning = process.emitWarning.bind(process);
  // It is loaded for the guard's sake; that it is experimental concerns nobody here.
  process.emitWarning = () => {};
  try {
    guardMembers(require('node:sqlite') as object, () => true, refuse);
    syncBuiltinESMExports();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** The files that a text may stand for: the path or address that it is, or what the statement attaches. */
function filesIn(text: string): readonly string[] {
  if (!/\bATTACH\b/i.test(text)) return text.length > 4096 ? [] : [pathOf(text)];
  return [...text.matchAll(/'((?:[^']|'')*)'|"([^"]*)"/g)].map(([, single, double]) =>
    pathOf(single?.replaceAll("''", "'") ?? double ?? ''),
  );
}

function pathOf(address: string): string {
  const text = address.trim().replace(/^(?:sqlite|libsql):/, 'file:');
  if (!text.startsWith('file:')) return text;
  const bare = text.replace(/[?#].*$/s, '');
  return bare.startsWith('file:///') ? fileURLToPath(bare) : bare.replace(/^file:(?:\/\/)?/, '');
}

/** By the file itself, so that links and other spellings count. Looking it up opens nothing. */
function isSame(path: string, guarded: BigIntStats): boolean {
  try {
    const { dev, ino } = statSync(resolve(path), { bigint: true });
    return dev === guarded.dev && ino === guarded.ino;
  } catch {
    return false;
  }
}

import { defineConfig, type CodeSplittingGroup } from 'rolldown';
import manifest from './package.json' with { type: 'json' };

/** What other processes start or load by its address (`ownModule`), besides what the package exports. */
const programs = [
  'src/cli/main',
  'src/drivers/sqlite/guard',
  'src/drivers/sqlite-in-vm/agent',
  'src/drivers/postgres/guard',
  'adapters/children/child',
  'adapters/children/find-made',
  'adapters/children/guarded',
  'adapters/command/keeper',
  'adapters/knex/find',
  'adapters/prisma/config-words',
];

const exported = Object.values(manifest.exports)
  .filter((target) => typeof target !== 'string')
  .map((target) => target.default.replace(/^\.\/dist\/(.*)\.js$/, '$1'));

const packages = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });

/**
 * What a command loads together lies in one file, because Node takes longer to find and to read each than to compile it:
 * what both processes of a command begin with; what `status` needs with plain SQL on SQLite; what applies migrations
 * there; and what reads a command line and prints. Each takes along what it imports, unless one above has it already.
 */
const together: CodeSplittingGroup[] = [
  { name: 'start', test: /src[\\/]cli[\\/](?:start-ahead|worker|request)\.ts$/ },
  {
    name: 'core',
    test: /src[\\/](?:index|run|config|telling|cli[\\/](?:serve|config-of)|drivers[\\/]sqlite|providers[\\/]copy|checks[\\/](?:function|sql-files)|verbs[\\/]status)\.ts$|adapters[\\/]sql\.ts$/,
  },
  {
    name: 'applying',
    test: /src[\\/](?:rehearsal[\\/]from|promotion[\\/](?:promote|direct|promote-swap)|drivers[\\/]sqlite[\\/](?:observe|script|damage|damage-apart|contents))\.ts$/,
  },
  {
    name: 'command',
    // Not `diff`, as the package that prints it is slow to load.
    test: /src[\\/]cli[\\/](?:run-program|perform|supervisor|progress|run-ending|show-run|commands[\\/](?!diff\.)[\w-]+)\.ts$/,
  },
];

export default defineConfig({
  input: Object.fromEntries([...exported, ...programs].map((path) => [path, `${path}.ts`])),
  platform: 'node',
  transform: { target: 'node20.19' },
  external: packages.map((name) => new RegExp(`^${name}(?:/|$)`)),
  // Whatever else it warns of would fail where the package is used.
  onLog(level, { code, message }) {
    if (level === 'warn' && code !== 'INEFFECTIVE_DYNAMIC_IMPORT') throw new Error(message);
  },
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    // They stand in the declarations, and Node reads them at every start.
    comments: { jsdoc: false },
    codeSplitting: { groups: together.map((group, at) => ({ ...group, priority: together.length - at })) },
  },
});

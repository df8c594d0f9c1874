import { defineConfig } from 'rolldown';
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

/** In few files, because Node takes longer to find and to read each than to compile it. */
export default defineConfig({
  input: Object.fromEntries([...exported, ...programs].map((path) => [path, `${path}.ts`])),
  platform: 'node',
  transform: { target: 'node20.19' },
  external: packages.map((name) => new RegExp(`^${name}(?:/|$)`)),
  // Whatever it warns of would fail where the package is used.
  onLog(level, { message }) {
    if (level === 'warn') throw new Error(message);
  },
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
  },
});

import { migrator } from './migrator.js';

await migrator.runAsCLI();

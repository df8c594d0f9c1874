import { migrator } from './migrator.js';

export default migrator.config;

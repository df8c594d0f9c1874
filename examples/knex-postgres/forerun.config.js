import { knex } from 'forerun/knex';

/** @type {import('forerun').Config} */
export default { source: knex() };

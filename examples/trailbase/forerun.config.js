import { trailbase } from 'forerun/trailbase';

/** @type {import('forerun').Config} */
export default {
  source: trailbase(),
};

import { vers } from 'forerun/vers';

/** @type {import('forerun').Config} */
export default {
  // `forerun exec` sets the variable, so that a program started by it works on the branch.
  database: process.env.DATABASE_URL,
  // In a project of your own, write the UUID here: it says to everybody who deploys which VM main is in.
  provider: vers({ vm: process.env.FORERUN_VERS_VM, cli: process.env.FORERUN_VERS_CLI || 'vers' }),
};

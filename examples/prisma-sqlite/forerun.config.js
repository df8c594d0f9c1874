import { prisma } from 'forerun/prisma';

/** @type {import('forerun').Config} */
export default {
  source: prisma(),
};

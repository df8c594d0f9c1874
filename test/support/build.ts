import { execa } from 'execa';

/**
 * Child processes of the tests run what is built, as users do; those that are killed hundreds of times are compiled
 * beside it. Type errors are `npm run check`'s affair.
 */
export default async function build(): Promise<void> {
  await Promise.all([
    execa('npx', ['rolldown', '-c']),
    execa('npx', ['tsc', '-p', 'test/faults/tsconfig.json'], { reject: false }),
  ]);
}

import { execa } from 'execa';

/**
 * Child processes of the tests run the compiled program, as users do; those that are killed hundreds of times are compiled
 * with it. Type errors are `npm run check`'s affair.
 */
export default async function build(): Promise<void> {
  await execa('npx', ['tsc', '-p', 'test/faults/tsconfig.json'], { reject: false });
}

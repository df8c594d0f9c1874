import { execa } from 'execa';

/** Child processes of the tests run the compiled program, as users do. Type errors are `npm run check`'s affair. */
export default async function build(): Promise<void> {
  await execa('npx', ['tsc', '-p', 'tsconfig.json'], { reject: false });
}

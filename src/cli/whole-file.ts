/** A file that ends this program, or that never comes to its end, must not look like success. */
export async function whole<T>(file: string, load: () => Promise<T>): Promise<T> {
  const told = (): void => {
    const why =
      process.exitCode === unsettled
        ? 'never came to its end: an await in it waits for what never comes'
        : 'ended this program: there is a process.exit in it, or in what it imports';
    process.exitCode = 2;
    process.stderr.write(
      `Error [CONFIG] ${file} ${why}.\n→ A configuration file is to export a configuration, and nothing else.\n`,
    );
  };
  process.once('exit', told);
  try {
    return await load();
  } finally {
    process.off('exit', told);
  }
}

/** Node's exit code where nothing is left to do and the program still awaits. */
const unsettled = 13;

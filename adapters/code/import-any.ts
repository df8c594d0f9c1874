/** Imports a module by its address. TypeScript goes through the loader that Node was started with, else through ours. */
export async function importAny(module: string): Promise<object> {
  try {
    return (await import(module)) as object;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw error;
    const { createJiti } = await import('jiti');
    return createJiti(import.meta.url).import<object>(module);
  }
}

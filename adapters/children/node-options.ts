/**
 * The options of Node that a program was started with, for a program that it starts: loaders and limits go along; what
 * says which code to run, and in which of Node's modes, does not.
 */
export function inheritedOptions(execArgv: readonly string[]): readonly string[] {
  return execArgv.filter((option, at) => {
    const isValue = !option.startsWith('-');
    return !own.test(isValue ? (execArgv[at - 1] ?? '') : option);
  });
}

const own = /^(?:-e|-p|-pe|-c|-i|--(?:eval|print|check|interactive|input-type|inspect|watch|test)\b.*)$/;

/** Paints text; each function gives its text back as it was where there are no colours. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

/** How a report is to look. */
export interface View {
  readonly style: Style;
  /** Files below this folder are named from there. */
  readonly cwd: string;
  /** With everything that is known: diffs of each object, each statement. */
  readonly verbose: boolean;
}

const asItIs = (text: string): string => text;

export const plain: Style = { bold: asItIs, dim: asItIs, red: asItIs, green: asItIs, yellow: asItIs, cyan: asItIs };

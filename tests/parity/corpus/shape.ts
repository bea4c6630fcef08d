/**
 * A configuration file in the shape that public repositories have, and the project around it. The programs it
 * starts are stand-ins that tell how they were started; what a file's name says is what stands there.
 */
export interface Shape {
  readonly name: string;
  /** Name of the configuration. */
  readonly file: string;
  readonly content: string;
  /** Programs of the project, by their paths; a name that ends in `/` is a folder. */
  readonly programs: readonly string[];
  /** Any other file. */
  readonly files: Readonly<Record<string, string>>;
  /** Words after `start FILE`. */
  readonly flags: readonly string[];
  /** Variables of the shell. */
  readonly variables: Readonly<Record<string, string>>;
  /** The configuration is given as standard input. */
  readonly isInput: boolean;
  /** Something of it is watched: it is in a folder of its own. */
  readonly isWatched: boolean;
  /** Paths of facts that differ on purpose, to the subjects of their rows. */
  readonly differs: Readonly<Record<string, string>>;
}

type More = Partial<Omit<Shape, "name" | "file" | "content">>;

/** A file by its name and its content; `programs` are those that it starts. */
export function shape(
  name: string,
  file: string,
  content: string,
  programs: readonly string[],
  more: More = {},
): Shape {
  const usual = {
    files: {},
    flags: [],
    variables: {},
    isInput: false,
    isWatched: false,
    differs: {},
  };
  return { name, file, content, programs, ...usual, ...more };
}

/** The usual file: `module.exports = …` in `ecosystem.config.js`. */
export const ecosystem = (
  name: string,
  value: string,
  programs: readonly string[],
  more: More = {},
): Shape => shape(name, "ecosystem.config.js", `module.exports = ${value};\n`, programs, more);

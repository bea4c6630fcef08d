/** An app of an ecosystem file that is being written. */
export type NewApp = Record<string, unknown>;

/** What came of another tool's file. */
export interface Imported {
  readonly apps: readonly NewApp[];
  /** What an ecosystem file cannot say, each with its path in the file. */
  readonly notes: readonly string[];
  /** Whether its texts hold variables in Compose's syntax. */
  readonly interpolates: boolean;
}

export type Fields = Readonly<Record<string, unknown>>;

/** An object of a file; `undefined` for anything else. */
export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : undefined;
}

export const isText = (value: unknown): value is string => typeof value === "string";

/** Texts and numbers of a list, as texts. */
export function textsOf(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.every((each) => isText(each) || typeof each === "number")
    ? value.map(String)
    : undefined;
}

/** Variables of an object, or of a list of `NAME=value`; one of the caller's (`NAME` alone) reaches an app anyway. */
export function variablesOf(value: unknown): NewApp {
  const list = textsOf(value);
  if (list === undefined) {
    const given = Object.entries(fieldsOf(value) ?? {});
    return Object.fromEntries(given.filter(([, each]) => each !== null));
  }
  return Object.fromEntries(
    list.flatMap((each) => {
      const [, name, content = ""] = /^([^=]+)=(.*)$/s.exec(each) ?? [];
      return name === undefined ? [] : [[name, content]];
    }),
  );
}

/** The fields that have a value. */
export function present(app: NewApp): NewApp {
  const isEmpty = (value: unknown): boolean =>
    value === undefined ||
    (Array.isArray(value) && value.length === 0) ||
    (fieldsOf(value) !== undefined && Object.keys(value as object).length === 0);
  return Object.fromEntries(Object.entries(app).filter(([, value]) => !isEmpty(value)));
}

/** A command that a shell runs: one with spaces is run by a shell anyway. */
export function shellCommand(command: string): NewApp {
  const line = command.trim();
  if (/\s/.test(line)) return { script: line };
  return /[$&|;<>*?`"'\\(){}~]/.test(line)
    ? { script: "bash", args: ["-c", line] }
    : { script: line };
}

/** A value in a note. */
export const shown = (value: unknown): string =>
  isText(value) ? value : (JSON.stringify(value) ?? "nothing");

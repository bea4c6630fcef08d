/** One file of an `env_file`. */
export interface EnvFile {
  readonly path: string;
  /**
   * `required`: the app is not declared without it. `expected`: a warning; PM2 starts such an app, since it reads no file.
   * `optional`: it may be missing.
   */
  readonly need: "required" | "expected" | "optional";
}

/** A path, `{ path, required }`, or a list of them, in the words of Compose. */
export function readEnvFiles(value: unknown): EnvFile[] | undefined {
  const files = (Array.isArray(value) ? value : [value]).map(readEnvFile);
  return files.every((each) => each !== undefined) ? files : undefined;
}

function readEnvFile(value: unknown): EnvFile | undefined {
  if (isPath(value)) return { path: value, need: "expected" };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { path, required = true, ...others } = value as Readonly<Record<string, unknown>>;
  const isSound = isPath(path) && typeof required === "boolean";
  if (!isSound || Object.keys(others).length > 0) return undefined;
  return { path, need: required ? "required" : "optional" };
}

const isPath = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && !value.includes("\0");

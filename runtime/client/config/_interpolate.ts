import { plain } from "../../contract/plain.ts";

/**
 * Variables in the texts of a YAML or JSON file, in Compose's syntax: `$NAME`, `${NAME}`, `${NAME:-default}`,
 * `${NAME-default}`, `${NAME:?message}`, `${NAME?message}`, `${NAME:+other}`, `${NAME+other}`, and `$$` for a dollar sign. With a colon
 * an empty variable counts as one that is not set. A file asks for it by `interpolate: true`; any other text is
 * kept as written, since PM2 reads it so (decision 10).
 */
export interface Interpolated {
  readonly value: unknown;
  readonly warnings: readonly string[];
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The file's value without the field that asks for it. */
export function interpolatedFile(value: unknown, variables: Variables): Interpolated {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { value, warnings: [] };
  const { interpolate: wanted, ...others } = value as Readonly<Record<string, unknown>>;
  if (wanted === undefined) return { value, warnings: [] };
  if (typeof wanted !== "boolean")
    throw new Error(`interpolate: expected true or false, got ${JSON.stringify(wanted)}`);
  if (!wanted) return { value: others, warnings: [] };
  const unset = new Set<string>();
  const read = interpolated(others, { variables, path: "", unset, level: 0 });
  return {
    value: read,
    warnings: [...unset].map(
      (name) =>
        `the variable ${plain(name)} is not set; an empty text is used, or write \${${plain(name)}:-default}`,
    ),
  };
}

interface Reading {
  readonly variables: Variables;
  /** Where the text stands, for errors. */
  readonly path: string;
  /** Receives the names of variables that are not set and have no default. */
  readonly unset: Set<string>;
  readonly level: number;
}

/** Names are not replaced, as in Compose. */
function interpolated(value: unknown, reading: Reading): unknown {
  const { path, level } = reading;
  if (level > mostLevels) throw new Error(`${path}: nested more than ${mostLevels} levels deep`);
  if (typeof value === "string") return replaced(value, reading);
  if (typeof value !== "object" || value === null) return value;
  const below = (step: string, each: unknown): unknown =>
    interpolated(each, { ...reading, path: path + step, level: level + 1 });
  if (Array.isArray(value)) return value.map((each: unknown, index) => below(`[${index}]`, each));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      below(path === "" ? name : `.${name}`, each),
    ]),
  );
}

/** Texts call themselves once for each default within a default. */
const mostLevels = 100;

function replaced(text: string, reading: Reading): string {
  return partsOf(text, (why) => faultOf(text, why, reading))
    .map((part) => (typeof part === "string" ? part : expanded(part, text, reading)))
    .join("");
}

/** A variable in a text. */
export interface VariableIn {
  readonly name: string;
  /** `:-`, `-`, `:?`, `?`, `:+`, `+`, or an empty text. */
  readonly operator: string;
  /** What follows the operator, in the same syntax. */
  readonly word: string;
}

/** The plain parts of a text and the variables between them. */
export function partsOf(text: string, faultOf: (why: string) => Error): (string | VariableIn)[] {
  const parts: (string | VariableIn)[] = [];
  let at = 0;
  for (;;) {
    const dollar = text.indexOf("$", at);
    if (dollar < 0) return [...parts, text.slice(at)];
    parts.push(text.slice(at, dollar));
    const rest = text.slice(dollar + 1);
    if (rest.startsWith("$")) {
      parts.push("$");
      at = dollar + 2;
    } else if (rest.startsWith("{")) {
      const end = closingBrace(text, dollar + 2);
      if (end < 0) throw faultOf("the brace is not closed");
      const inside = text.slice(dollar + 2, end);
      const [, name = "", operator = "", word = ""] =
        /^([A-Za-z_]\w*)(?:(:?[-?+])(.*))?$/s.exec(inside) ?? [];
      if (name === "") throw faultOf(`\${${inside}} is no variable; write $$ for a dollar sign`);
      parts.push({ name, operator, word });
      at = end + 1;
    } else {
      const [name] = /^[A-Za-z_]\w*/.exec(rest) ?? [];
      if (name === undefined) throw faultOf("write $$ for a dollar sign");
      parts.push({ name, operator: "", word: "" });
      at = dollar + 1 + name.length;
    }
  }
}

/** Where the brace ends that was opened before `from`; braces of variables within it are passed over. */
function closingBrace(text: string, from: number): number {
  let open = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith("$$", at)) at += 1;
    else if (text.startsWith("${", at)) open += 1;
    else if (text[at] === "}") open -= 1;
    if (open === 0) return at;
  }
  return -1;
}

function expanded({ name, operator, word }: VariableIn, text: string, reading: Reading): string {
  if (operator === "") return variable(name, reading);
  const given = valueOf(name, reading.variables);
  const isSet = given !== undefined && (given !== "" || !operator.startsWith(":"));
  const other = (): string => replaced(word, { ...reading, level: deeper(reading, text) });
  if (operator.endsWith("+")) return isSet ? other() : "";
  if (isSet) return given;
  if (operator.endsWith("-")) return other();
  throw faultOf(text, `${name} is required: ${other() || "it is not set"}`, reading);
}

function deeper(reading: Reading, text: string): number {
  const level = reading.level + 1;
  if (level > mostLevels) throw faultOf(text, "too many defaults within one another", reading);
  return level;
}

function variable(name: string, { variables, unset }: Reading): string {
  const value = valueOf(name, variables);
  if (value === undefined) unset.add(name);
  return value ?? "";
}

const valueOf = (name: string, variables: Variables): string | undefined =>
  Object.hasOwn(variables, name) ? variables[name] : undefined;

function faultOf(text: string, why: string, { path }: Reading): Error {
  const shown = text.length <= 60 ? text : `${text.slice(0, 59)}…`;
  return new Error(`${path}: "${plain(shown)}": ${plain(why)}`);
}

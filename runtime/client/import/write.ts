import { partsOf, type VariableIn } from "../config/_interpolate.ts";
import type { Imported } from "./imported.ts";

/**
 * An ecosystem file as a text: YAML, or a program where the name ends in `.js` or `.cjs`.
 * @param from the name of the imported file, for the first line.
 */
export async function writeEcosystem(
  { apps, interpolates }: Imported,
  { name, from }: { readonly name: string; readonly from: string },
): Promise<string> {
  const head = `Made from ${from} by \`xm import\`.`;
  if (/\.c?js$/.test(name)) {
    const code = codeOf({ apps }, 0, interpolates);
    return `// ${head}\nmodule.exports = ${code};\n`;
  }
  const { stringify } = await import("yaml");
  const content = interpolates ? { interpolate: true, apps } : { apps };
  return `# ${head}\n${stringify(content, { lineWidth: 0 })}`;
}

/** A value as JavaScript; variables in texts are read from `process.env`. */
function codeOf(value: unknown, depth: number, interpolates: boolean): string {
  const below = "  ".repeat(depth + 1);
  const end = "  ".repeat(depth);
  if (typeof value === "string") return interpolates ? textCode(value) : JSON.stringify(value);
  if (Array.isArray(value)) {
    const items = value.map((each: unknown) => codeOf(each, depth + 1, interpolates));
    const line = `[${items.join(", ")}]`;
    if (line.length < 80 && !line.includes("\n")) return line;
    return `[\n${items.map((each) => `${below}${each},\n`).join("")}${end}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, each]) => {
    const name = /^[A-Za-z_$][\w$]*$/.test(key) && key !== "__proto__" ? key : JSON.stringify(key);
    return `${below}${name}: ${codeOf(each, depth + 1, interpolates)},\n`;
  });
  return fields.length === 0 ? "{}" : `{\n${fields.join("")}${end}}`;
}

function textCode(text: string): string {
  const parts = partsOf(text, (why) => new Error(`"${text}": ${why}`));
  const codes = parts
    .filter((each) => each !== "")
    .map((each) => (typeof each === "string" ? JSON.stringify(each) : variableCode(each)));
  if (codes.length === 0) return '""';
  const isText = typeof parts.find((each) => each !== "") === "string";
  return codes.length === 1 || isText ? codes.join(" + ") : ['""', ...codes].join(" + ");
}

function variableCode({ name, operator, word }: VariableIn): string {
  const value = `process.env.${name}`;
  const other = (): string => textCode(word);
  const isSet = operator.startsWith(":") ? value : `${value} !== undefined`;
  switch (operator.slice(-1)) {
    case "-":
      return operator === ":-" ? `(${value} || ${other()})` : `(${value} ?? ${other()})`;
    case "+":
      return `(${isSet} ? ${other()} : "")`;
    case "?": {
      const message = `"${name} is required: " + ${other()}`;
      return `(${isSet} ? ${value} : (() => { throw new Error(${message}); })())`;
    }
    default:
      return `(${value} ?? "")`;
  }
}

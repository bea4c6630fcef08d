import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseAst } from "vite";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const mostLinesOfFile = 300;
const mostLinesOfFunction = 80;

test("no source file is longer than 300 lines", () => {
  const long = sources()
    .filter(({ text }) => text.trimEnd().split("\n").length > mostLinesOfFile)
    .map(({ file }) => file);
  expect(long).toEqual([]);
});

test("no function is longer than 80 lines; a function with a name within it counts where it stands", () => {
  const long = sources().flatMap(({ file, text }) =>
    text.split("\n").length <= mostLinesOfFunction
      ? []
      : functionsIn(file, text)
          .filter(({ lines }) => lines > mostLinesOfFunction)
          .map(({ name, lines }) => `${file}: ${name} has ${lines}`),
  );
  expect(long).toEqual([]);
});

test("the folders of these tests are those of the tree", () => {
  const folders = readdirSync(import.meta.dirname, { recursive: true, withFileTypes: true })
    .filter((each) => each.isDirectory())
    .map(({ parentPath, name }) => relative(import.meta.dirname, join(parentPath, name)));
  const strangers = folders.filter(
    (folder) => ![folder, join("runtime", folder)].some((each) => existsSync(join(root, each))),
  );
  expect(strangers).toEqual([]);
});

test("lines are counted as they are said to be", () => {
  const filler = (count: number): string => "  work();\n".repeat(count);
  const inner = `  const step = () => {\n${filler(60)}  };\n`;
  const plain = functionsIn("a.ts", `function plain() {\n${filler(98)}}\n`);
  expect(plain).toEqual([{ name: "plain", lines: 100 }]);
  const nested = functionsIn("a.ts", `function outer(): void {\n${inner}${filler(10)}}\n`);
  expect(nested).toEqual([
    { name: "step", lines: 62 },
    { name: "outer", lines: 13 },
  ]);
  const anonymous = functionsIn(
    "a.tsx",
    `function outer() {\n  each(() => {\n${filler(60)}  });\n}\n`,
  );
  expect(anonymous.at(-1)).toEqual({ name: "outer", lines: 64 });
});

function sources(): { file: string; text: string }[] {
  return ["machines", "runtime", "cli", "docs/generate"]
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) =>
        join(folder, name),
      ),
    )
    .filter((file) => /\.tsx?$/.test(file))
    .toSorted()
    .map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));
}

interface Counted {
  readonly name: string;
  readonly lines: number;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly id?: { readonly name?: string } | null;
  readonly key?: { readonly name?: string };
}

/** Every function of a file, inner ones first, with the lines that are its own. */
function functionsIn(file: string, text: string): Counted[] {
  const found: Counted[] = [];
  const linesOf = ({ start, end }: Node): number => text.slice(start, end).split("\n").length;
  /** @returns lines of the functions with a name right within a node, less the one where each stands. */
  const walk = (value: unknown, name: string | undefined): number => {
    if (Array.isArray(value)) {
      return value.reduce((sum: number, each: unknown) => sum + walk(each, name), 0);
    }
    if (!isNode(value)) return 0;
    const isFunction = /^(?:Arrow)?Function(?:Declaration|Expression)$/.test(value.type);
    const given = isFunction ? (value.id?.name ?? name) : undefined;
    const inner = Object.entries(value).reduce(
      (sum, [key, each]) =>
        sum + walk(each, key === "init" || key === "value" ? nameOf(value) : undefined),
      0,
    );
    if (!isFunction) return inner;
    const lines = linesOf(value);
    found.push({ name: given ?? "a function without a name", lines: lines - inner });
    return given === undefined ? inner : lines - 1;
  };
  walk(parseAst(text, { lang: file.endsWith("x") ? "tsx" : "ts" }), undefined);
  return found;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}

/** What a declaration, a property or a method names. */
function nameOf({ id, key }: Node): string | undefined {
  return id?.name ?? key?.name;
}

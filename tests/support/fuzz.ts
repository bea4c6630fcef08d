import fc from "fast-check";
import { fields } from "../../runtime/contract/fields/fields.ts";

/** Values that a careless hand, a generator of files or an attacker may leave in a field. */
const anyValue = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<unknown>(...oddValues()) },
  { weight: 2, arbitrary: fc.string({ maxLength: 30 }) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 30 }) },
  { weight: 2, arbitrary: fc.integer() },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 1, arbitrary: fc.boolean() },
  {
    weight: 1,
    arbitrary: fc.array(fc.oneof(fc.string(), fc.integer(), fc.boolean()), { maxLength: 4 }),
  },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue(), { maxKeys: 4 }),
  },
);

/** Values that are right somewhere, and wrong in most places. */
function oddValues(): unknown[] {
  return [
    null, true, false, 0, -1, 1, 2, 3.5, 1e21, "", " ", "max", "0", "-1", "1e9", "true", "false", "null",
    "10s", "5m", "1h", "99999h", "300M", "1G", "300Q", "cluster", "fork", "cluster_mode", "always", "never",
    "SIGTERM", "SIGNOPE", "0 3 * * *", "* * *", "node", "none", "python3", "bash", "node@20", "node@999",
    "node --no-warnings", "./nowhere", "~", "~/x", "/dev/null", "NULL", ".", "..", "../..", "app.js",
    "a b 'c", 'a "b', "A=1 B=2", "=x", "\0", "a\0b", "\n", "x".repeat(5_000), "ü".repeat(300), "{}", "[]",
    "$(reboot)", "`id`", "; exit 1", "%s%n", "__proto__", "-", "--", "-n", "名前", "e\u0301", "\u202Eabc", "👩‍👩‍👧", "a/b",
    "a\\b", "NaN", "Infinity", "0x10", "1e-7", "+5", "9007199254740993", "folder.json", "pipe", "socket", "serve", [], {}, [[]], [null], [{}], { A: 1 }, { "": 1 },
    { "A=B": 1 }, { A: { B: [1] } }, { A: null }, { http: "http://127.0.0.1:1" }, { tcp: 70_000 }, { tcp: 80 },
    { command: "true" }, { http: "x", tcp: 1 },
  ]; // prettier-ignore
}

const fieldNames = fields.flatMap(({ name, aliases }) => [name, ...aliases]);

/** A field's name, whole, misspelt, or nothing of the kind. */
const fieldName = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...fieldNames, "env_production", "env_") },
  {
    weight: 2,
    arbitrary: fc.constantFrom("scrpt", "max_restart", "Name", "apps", "deploy"),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 10 }).filter((name) => name !== "__proto__") },
);

/** An app with a script that is mostly there, and any other fields. */
const app = fc
  .tuple(
    fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom<unknown>("app.js", "./app.js", "run.sh") },
      { weight: 1, arbitrary: anyValue },
    ),
    fc.array(fc.tuple(fieldName, anyValue), { maxLength: 4 }),
  )
  .map(([script, others]) => ({ script, ...Object.fromEntries(others) }));

/** A folder to serve. Its address stays the one of this machine alone. */
const server = fc
  .array(
    fc.tuple(
      fc.constantFrom("path", "port", "spa", "basic_auth", "homepage", "name", "instances", "pth"),
      anyValue,
    ),
    { maxLength: 3 },
  )
  .map((entries) => Object.fromEntries(entries));

/** What a configuration holds. */
export const configuration = fc.oneof(
  { weight: 1, arbitrary: fc.array(server, { maxLength: 2 }).map((list) => ({ static: list })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.array(app, { maxLength: 2 }), fc.oneof(server, anyValue))
      .map(([apps, list]) => ({ apps, static: list })),
  },
  { weight: 4, arbitrary: fc.array(app, { maxLength: 3 }).map((apps) => ({ apps })) },
  { weight: 2, arbitrary: app },
  { weight: 1, arbitrary: fc.array(app, { maxLength: 3 }) },
  { weight: 1, arbitrary: app.map((each) => ({ pm2: each })) },
  { weight: 1, arbitrary: fc.jsonValue() },
) as fc.Arbitrary<unknown>;

/** The same as a text, whole or damaged. */
export const configurationText = fc
  .tuple(
    configuration,
    fc.constantFrom("json", "yaml", "relaxed"),
    fc.option(fc.tuple(fc.nat(400), fc.nat(6), fc.string({ unit: "binary", maxLength: 4 })), {
      freq: 2,
    }),
  )
  .map(([value, form, damage]) => {
    const json = JSON.stringify(value, null, form === "yaml" ? 1 : 0) ?? "null";
    const text =
      form === "relaxed" ? `// a comment\n${json.replaceAll(/"([a-z_]+)":/g, "$1:")}` : json;
    if (damage === null) return text;
    const [at, count, put] = damage;
    return `${text.slice(0, at)}${put}${text.slice(at + count)}`;
  });

const flagValue = fc.oneof(
  fc.constantFrom(
    ...oddValues()
      .filter((value) => typeof value === "string")
      .filter((value) => !value.includes("\0")),
  ),
  fc.string({ maxLength: 12 }).filter((value) => !value.includes("\0")),
);

const oddFlags =
  "-i -n -f -x -- -1 +1 -zz --no-color - --- -= --=x --no- -s -m --sort --sort= --parallel --parallel=x --silent=no --__proto__=1".split(
    " ",
  );

/** The words of a call: a command, targets and flags, each right, misspelt, repeated, empty or out of place. */
export function commandLine(options: {
  readonly commands: readonly string[];
  readonly flags: readonly string[];
  readonly targets: readonly string[];
}): fc.Arbitrary<string[]> {
  const flag = fc.constantFrom(...options.flags);
  const word = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...options.targets) },
    { weight: 2, arbitrary: flag.map((name) => `--${name}`) },
    {
      weight: 2,
      arbitrary: fc.tuple(flag, flagValue).map(([name, value]) => `--${name}=${value}`),
    },
    // A word with a space in it is a command line, which a shell would run.
    { weight: 1, arbitrary: flagValue.filter((value) => !/\s/.test(value)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("", ...oddFlags),
    },
  );
  const repeated = fc
    .tuple(flag, flagValue, flagValue)
    .map(([name, first, second]) => [`--${name}=${first}`, `--${name}=${second}`]);
  const words = fc.oneof(
    { weight: 8, arbitrary: fc.array(word, { maxLength: 5 }) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...options.targets), repeated).map(flat) },
  );
  return fc
    .tuple(fc.constantFrom(...options.commands), words)
    .map(([command, given]) => [command, ...given]);
}

function flat(words: readonly (string | readonly string[])[]): string[] {
  return words.flat();
}

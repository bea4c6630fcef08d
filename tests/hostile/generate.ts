import fc from "fast-check";

/*
 * What a hostile or broken party may write: seeded, so that a failure can be repeated with XM_HOSTILE_SEED. The kinds
 * are those that have ended daemons before: wrong types in right places, huge and odd numbers, deep nesting, keys that
 * reach prototypes, bytes that are not text, cut and joined frames.
 */

/** The seed of this run. */
export const seed = Number(process.env["XM_HOSTILE_SEED"] ?? 20_261_130);

/** How much longer than in a usual test run: 1 there; the documented long run uses the counts. */
const factor = Number(process.env["XM_HOSTILE_FACTOR"] ?? 1);

/** @param usual how many in a usual test run */
export function runs(usual: number): number {
  return Math.ceil(usual * factor);
}

export function sampled<T>(arbitrary: fc.Arbitrary<T>, count: number): T[] {
  return fc.sample(arbitrary, { seed, numRuns: count });
}

const oddNumbers = [
  0, -0, -1, 1, 0.5, 1e21, 1e300, -1e300, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 + 2, 1e-7, 70_000,
]; // prettier-ignore

const oddTexts = [
  "", " ", "\0", "a\0b", "\u001B[2J", "\u001B]52;c;aGk=\u0007", "\u202Eabc", "../../../../etc/passwd", "/etc/passwd",
  "/dev/stdin", "/proc/self/environ", "__proto__", "constructor", "toString", "NaN", "Infinity", "SIGNOPE", "SIGKILL",
  "* * * * *", "garbage", "99999999999h", "-5", "1e9", "x".repeat(70_000), "ü".repeat(5_000), "\uD800", "{}", "[]",
  "null", "undefined", "$(id)", "`id`", "; id", "%s%n", "%00", "..%2f..%2f", "\r\n\r\n",
]; // prettier-ignore

function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Any JSON value, most of them wrong somewhere. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [null], [{}]) },
  { weight: 5, arbitrary: fc.constantFrom<unknown>(...oddNumbers) },
  { weight: 5, arbitrary: fc.constantFrom<unknown>(...oddTexts) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(nested(50), nested(800)) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 2, arbitrary: fc.jsonValue() },
);

/** A right value with some of its parts replaced, dropped, doubled or renamed, at any depth. */
export function mutated(value: unknown): fc.Arbitrary<unknown> {
  return fc
    .array(fc.tuple(fc.nat(), fc.constantFrom("replace", "drop", "add", "rename"), oddValue), {
      minLength: 1,
      maxLength: 3,
    })
    .map((changes) => {
      let result = structuredClone(value);
      // A copy: constants are the same objects in every sample, and later changes would grow them.
      for (const [pick, how, other] of changes)
        result = change(result, pick, how, structuredClone(other));
      return result;
    });
}

function change(root: unknown, pick: number, how: string, other: unknown): unknown {
  const places: { holder: Record<string, unknown>; key: string }[] = [];
  // A stack of its own: what was put in before may be nested deeply.
  const nodes = [root];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    if (typeof node !== "object" || node === null) continue;
    const holder = node as Record<string, unknown>;
    for (const key of Object.keys(holder)) {
      places.push({ holder, key });
      nodes.push(holder[key] ?? null);
    }
  }
  const place = places[pick % Math.max(1, places.length)];
  if (place === undefined) return other;
  const { holder, key } = place;
  if (how === "replace") holder[key] = other;
  else if (how === "drop") Reflect.deleteProperty(holder, key);
  else if (how === "add") holder[`${key}_`] = other;
  else {
    const moved = holder[key];
    Reflect.deleteProperty(holder, key);
    Object.defineProperty(holder, "__proto__", { value: moved, enumerable: true, writable: true });
  }
  return root;
}

/** JSON text whose `__proto__` keys survive. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(value) ?? "undefined";
}

/** One frame as bytes: right JSON with wrong parts, no JSON, or bytes that are not text. */
export function frameOf(samples: readonly unknown[]): fc.Arbitrary<Buffer> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...samples).chain(mutated).map(jsonLine) },
    { weight: 2, arbitrary: oddValue.map(jsonLine) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(...samples).chain((sample) =>
        fc.nat({ max: 400 }).map((at) => Buffer.from(jsonOf(sample).slice(0, at) + "\n")),
      ),
    },
    { weight: 2, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.constantFrom("\n", "\n\n\n", "{", "}", '"', "[", "nul\n").map((text) => Buffer.from(text)) },
  ); // prettier-ignore
}

function jsonLine(value: unknown): Buffer {
  return Buffer.from(`${jsonOf(value)}\n`);
}

/** A text file as a failing disk, a crash or an attacker leaves it. */
export function damaged(text: string): fc.Arbitrary<Buffer> {
  const bytes = Buffer.from(text);
  const at = fc.nat({ max: Math.max(0, bytes.length - 1) });
  const lines = text.split("\n");
  return fc.oneof(
    at.map((end) => bytes.subarray(0, end)),
    fc.tuple(at, fc.nat({ max: 255 })).map(([place, byte]) => {
      const copy = Buffer.from(bytes);
      if (copy.length > 0) copy[place] = byte;
      return copy;
    }),
    fc.tuple(at, fc.nat({ max: 64 })).map(([from, length]) => Buffer.concat([bytes.subarray(0, from), Buffer.alloc(length), bytes.subarray(from + length)])),
    fc.tuple(fc.nat({ max: Math.max(0, lines.length - 1) }), fc.constantFrom("null", "0", "[]", "{}", '""', "x".repeat(100_000))).map(([line, other]) =>
      Buffer.from(lines.map((each, index) => (index === line ? other : each)).join("\n")),
    ),
    fc.nat({ max: Math.max(0, lines.length - 1) }).map((line) => Buffer.from([...lines, lines[line]].join("\n"))),
    fc.nat({ max: Math.max(0, lines.length - 1) }).chain((line) => {
      const sample = parsed(lines[line] ?? "");
      return mutated(sample).map((other) => Buffer.from(lines.map((each, index) => (index === line ? jsonOf(other) : each)).join("\n")));
    }),
    fc.constantFrom("", "null", "null\n", "[]", "0", "\0", "{", "[".repeat(100_000)).map((other) => Buffer.from(other)),
  ); // prettier-ignore
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

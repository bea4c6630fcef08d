import { expect, test } from "vitest";
import { interpolatedFile } from "../../../../runtime/client/config/_interpolate.ts";
import { loadEcosystem, parseEcosystem } from "../../../../runtime/client/config/load.ts";
import { testFolder } from "../../../support/folder.ts";

const variables = { A: "a", EMPTY: "", PORT: "8080" };
const read = (text: string) => interpolatedFile({ interpolate: true, text }, variables);

test.each([
  ["$A-${A}", "a-a"],
  ["$$A $${A}", "$A ${A}"],
  ["${NO:-d} ${NO-d} ${EMPTY:-d} ${EMPTY-d} ${A:-d}", "d d d  a"],
  ["${NO:-}", ""],
  ["${NO:-${ALSO_NO:-${A}}}/x", "a/x"],
  ["${NO:-a b:c/d}", "a b:c/d"],
  ["${A:+set} ${EMPTY:+set} ${EMPTY+set} ${NO+set}", "set  set "],
  ["${A:?needed} ${EMPTY?needed}", "a "],
  ["http://127.0.0.1:${PORT}/", "http://127.0.0.1:8080/"],
  ["${constructor:-none}", "none"],
])("%s is %j", (text, expected) => {
  expect(read(text)).toEqual({ value: { text: expected }, warnings: [] });
});

test.each([
  [
    "${NO:?set it to the port}",
    'text: "${NO:?set it to the port}": NO is required: set it to the port',
  ],
  ["${EMPTY:?}", "EMPTY is required: it is not set"],
  ["${A", "the brace is not closed"],
  ["cost: 5$", "write $$ for a dollar sign"],
  ["${}", "${} is no variable"],
  ["${A!x}", "${A!x} is no variable"],
])("%s is an error that names the field: %s", (text, message) => {
  expect(() => read(text)).toThrow(message);
});

test("a variable that is not set is an empty text, and is told once", () => {
  const found = interpolatedFile(
    { interpolate: true, a: ["$NO", { b: "${NO}" }], n: 1 },
    variables,
  );
  expect(found.value).toEqual({ a: ["", { b: "" }], n: 1 });
  expect(found.warnings).toEqual([
    "the variable NO is not set; an empty text is used, or write ${NO:-default}",
  ]);
});

test("many defaults within one another are refused, and no text takes long", () => {
  expect(() => read("${N:-".repeat(200) + "}".repeat(200))).toThrow("too many defaults");
  expect(read("$$".repeat(50_000)).value).toEqual({ text: "$".repeat(50_000) });
});

test("a file that does not ask for it is left as it is written, as PM2 reads it", async () => {
  const text = 'script: app.js\nargs: "$A ${B:-c} $$"\n';
  expect((await parseEcosystem(text, "stdin")).apps).toEqual([
    { script: "app.js", args: "$A ${B:-c} $$" },
  ]);
  const off = await parseEcosystem(`interpolate: false\n${text}`, "stdin");
  expect(off.apps).toEqual([{ script: "app.js", args: "$A ${B:-c} $$" }]);
});

test("YAML, JSON and JSON with comments take them; a program is told that it has no use for it", async () => {
  const folder = testFolder();
  process.env["XM_TEST_PORT"] = "8123";
  for (const [name, text] of [
    ["a.yaml", "interpolate: true\napps:\n  - script: app.js\n    port: ${XM_TEST_PORT}\n"],
    ["a.json", '{"interpolate": true, "apps": [{"script": "app.js", "port": "${XM_TEST_PORT}"}]}'],
    [
      "b.json",
      '{ interpolate: true, // ours\n apps: [{ script: "app.js", port: "${XM_TEST_PORT}" }] }',
    ],
  ] as const) {
    const { apps } = await loadEcosystem(folder.put(name, text));
    expect(apps).toEqual([{ script: "app.js", port: "8123" }]);
  }
  delete process.env["XM_TEST_PORT"];
  const program = folder.put("a.config.js", "module.exports = { interpolate: true, apps: [] }");
  await expect(loadEcosystem(program)).rejects.toThrow("a program reads process.env itself");
  const wrong = folder.put("c.yaml", "interpolate: yes please\napps: []\n");
  await expect(loadEcosystem(wrong)).rejects.toThrow('expected true or false, got "yes please"');
});

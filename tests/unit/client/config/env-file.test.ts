import { expect, test } from "vitest";
import { readEnvFiles } from "../../../../runtime/client/config/_env-entries.ts";
import { parseDotenv } from "../../../../runtime/client/config/env-file.ts";
import { normalizeApps, type ConfigContext } from "../../../../runtime/client/config/normalize.ts";
import { patchSpec } from "../../../../runtime/client/config/patch.ts";
import { homePaths } from "../../../../runtime/host/home/paths.ts";
import type { RawApp } from "../../../../runtime/contract/fields/raw-app.ts";
import { testFolder } from "../../../support/folder.ts";

test("values are read in dotenv's syntax, whatever the lines between them are", () => {
  const text = [
    "\uFEFFA=1",
    "# a comment",
    "export  B = two words ",
    "C='one\ntwo'",
    'D="a\\nb"',
    "E=plain # comment",
    'F=`it\'s "both"`',
    "",
    'G="a#b" # comment',
    "H=",
    "I=${A}",
    "J=a=b\r",
    "K-x.y=1",
  ];
  const read = parseDotenv(text.join("\n"));
  expect(read.faults).toEqual([]);
  expect(read.variables).toEqual({
    A: "1",
    B: "two words",
    C: "one\ntwo",
    D: "a\nb",
    E: "plain",
    F: 'it\'s "both"',
    G: "a#b",
    H: "",
    I: "${A}",
    J: "a=b",
    "K-x.y": "1",
  });
  expect(Object.keys(parseDotenv("__proto__=x").variables)).toEqual(["__proto__"]);
});

test.each([
  ["A=1\nnothing\nB=2", "line 2: expected NAME=value", { A: "1", B: "2" }],
  ["=x", "line 1: expected NAME=value", {}],
  ["A: 1", "line 1: expected NAME=value", {}],
  ["A=1\nB='x\nC=2\n", "line 2: its quote is not closed", { A: "1" }],
  ["A=1\0", "line 1: a value cannot contain a zero byte", {}],
])(
  "a line that is no variable is named, and nothing behind it is lost: %j",
  (text, fault, variables) => {
    expect(parseDotenv(text)).toEqual({ variables, faults: [fault] });
  },
);

test("a path, an entry or a list of them", () => {
  expect(readEnvFiles(".env")).toEqual([{ path: ".env", need: "expected" }]);
  expect(readEnvFiles([{ path: "a", required: false }, "b"])).toEqual([
    { path: "a", need: "optional" },
    { path: "b", need: "expected" },
  ]);
  for (const wrong of [
    1,
    "",
    [""],
    { path: 1 },
    { path: "a", required: "no" },
    { path: "a", x: 1 },
  ])
    expect(readEnvFiles(wrong)).toBeUndefined();
});

function setUp() {
  const folder = testFolder();
  folder.put("app.js", "");
  const context: ConfigContext = {
    home: homePaths("/home/xm"),
    base: folder.path,
    caller: { PATH: folder.path, A: "caller", B: "caller", C: "caller", D: "caller" },
    source: "apps.json",
  };
  const specOf = async (raw: RawApp, more: Partial<ConfigContext> = {}) => {
    const [spec] = await normalizeApps([{ script: "app.js", ...raw }], { ...context, ...more });
    if (spec === undefined) throw new Error("nothing came of it");
    return spec;
  };
  return { ...folder, context, specOf };
}

test("its variables lie over the caller's and below env, and of two files the later wins", async () => {
  const { put, specOf } = setUp();
  put(".env", "A=first\nB=first\nC=first\n");
  put("second.env", "B=second\nC=second\n");
  const { env, passthrough } = await specOf({
    env_file: [".env", "second.env"],
    env: { C: "env" },
  });
  expect(env).toMatchObject({ A: "first", B: "second", C: "env", D: "caller" });
  expect(passthrough["env_file"]).toEqual([".env", "second.env"]);
});

test("a path begins at the ecosystem file, or at cwd if the file exists only there", async () => {
  const { path, put, specOf } = setUp();
  put("etc/.env", "A=file\n");
  put("app/.env", "A=cwd\n");
  put("app/own.env", "B=cwd\n");
  const raw = { cwd: `${path}/app`, script: "/bin/true", env_file: [".env", "own.env"] };
  const { env } = await specOf(raw, { fileFolder: `${path}/etc` });
  expect(env).toMatchObject({ A: "file", B: "cwd" });
});

test("a missing file is named: an error where it is required, else a warning, and nothing if it is optional", async () => {
  const { path, specOf } = setUp();
  const missing = specOf({ env_file: { path: "no.env", required: true } });
  await expect(missing).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" });
  await expect(missing).rejects.toThrow(
    `apps[0].env_file: cannot read ${path}/no.env: it does not exist; create it, or declare { path, required: false }`,
  );
  const warned: string[] = [];
  const warn = (line: string): void => void warned.push(line);
  const optional = await specOf({ env_file: { path: "no.env", required: false } }, { warn });
  expect([optional.env["A"], warned]).toEqual(["caller", []]);
  const expected = await specOf({ env_file: "no.env" }, { warn });
  expect([expected.env["A"], warned]).toEqual([
    "caller",
    [
      `apps.json: apps[0].env_file: cannot read ${path}/no.env: it does not exist; the app starts without it; { path, required: true } makes that an error`,
    ],
  ]);
});

test("every faulty file is named, with its line, a folder and a file that is too large too", async () => {
  const { path, put, specOf } = setUp();
  put("bad.env", "A=1\nB\n");
  put("large.env", `A=${"x".repeat(1024 * 1024)}\n`);
  const files = ["bad.env", "large.env", path];
  const wrong = specOf({ env_file: files.map((file) => ({ path: file })) });
  await expect(wrong).rejects.toThrow(`${path}/bad.env: line 2: expected NAME=value`);
  await expect(wrong).rejects.toThrow(/large\.env: it is too large/);
  await expect(wrong).rejects.toThrow(`cannot read ${path}: it is a folder`);
  const warned: string[] = [];
  const { env } = await specOf({ env_file: files }, { warn: (line) => void warned.push(line) });
  expect([env["A"], warned.length]).toEqual(["1", 3]);
  expect(warned[0]).toContain("bad.env: line 2: expected NAME=value; it is left out");
});

test("env_file: { A: 1 } is the environment that --env file chooses, as under PM2", async () => {
  const { specOf } = setUp();
  const raw = { env_file: { A: "chosen" } };
  expect((await specOf(raw)).env["A"]).toBe("caller");
  expect((await specOf(raw, { environment: "file" })).env["A"]).toBe("chosen");
});

test("a flag lays a file over the variables of a declared app", async () => {
  const { put, context, specOf } = setUp();
  put(".env", "A=file\nE=file\n");
  const spec = await specOf({ env: { A: "env", B: "env" } });
  const changed = await patchSpec(spec, { env_file: ".env" }, context);
  expect(changed.env).toMatchObject({ A: "file", B: "env", E: "file" });
  expect({ ...changed, env: spec.env, passthrough: {} }).toEqual({ ...spec, passthrough: {} });
});

import { join } from "node:path";
import { expect, test } from "vitest";
import { resolveProgram, runsTypeScript } from "../../../../runtime/client/config/interpreter.ts";
import { commandInFront, isNode } from "../../../../runtime/host/node-program.ts";
import { testFolder } from "../../../support/folder.ts";

function setUp() {
  const folder = testFolder();
  folder.put("app.js", "");
  folder.put("app.ts", "");
  folder.put("bin/node", "#!/bin/sh\n", 0o755);
  const resolve = (script: string, change: Partial<Parameters<typeof resolveProgram>[0]> = {}) =>
    resolveProgram({
      script,
      args: [],
      cwd: folder.path,
      interpreter: undefined,
      interpreterArgs: [],
      variables: { PATH: join(folder.path, "bin") },
      ...change,
    });
  return { ...folder, resolve };
}

test("a folder is run by Node, by its package's main or its index", () => {
  const { path, put, resolve } = setUp();
  put("dist/index.js", "");
  put("package.json", JSON.stringify({ main: "app.js" }));
  expect(resolve("./dist")).toMatchObject({
    script: join(path, "dist"),
    interpreter: process.execPath,
  });
  expect(resolve(".")).toMatchObject({ script: path, interpreter: process.execPath });
});

test("a folder without either is no script, and the error names what was looked for", () => {
  const { path, put, resolve } = setUp();
  put("empty/readme.md", "");
  expect(() => resolve("./empty")).toThrow(join(path, "empty/index.js"));
});

test.each(["/usr/bin/env node --no-warnings", "env node --no-warnings"])(
  "%s is Node",
  (interpreter) => {
    const { path, resolve } = setUp();
    const program = resolve("app.js", { interpreter });
    expect(program).toMatchObject({ interpreterArgs: ["--no-warnings"] });
    expect([process.execPath, join(path, "bin/node")]).toContain(program.interpreter);
    expect(isNode(program.interpreter)).toBe(true);
  },
);

test.each([
  [["-r", "ts-node/register"], undefined],
  [["--require=@swc-node/register"], undefined],
  [["--import", "tsx"], undefined],
  [["--import=file:///app/loader.mjs"], undefined],
  [["--loader", "ts-node/esm"], undefined],
  [["--experimental-strip-types"], undefined],
  [[], "--max-old-space-size=100 --import tsx"],
  [[], "-r ts-node/register/transpile-only"],
])("TypeScript with a loader of its own runs as it is: %j %j", (interpreterArgs, nodeOptions) => {
  const { resolve } = setUp();
  expect(resolve("app.ts", { interpreterArgs, nodeOptions }).interpreterArgs).toEqual(
    interpreterArgs,
  );
});

test.skipIf(runsTypeScript())(
  "what is loaded for something else is no loader of TypeScript",
  () => {
    const { put, resolve } = setUp();
    put("node_modules/tsx/package.json", JSON.stringify({ name: "tsx", main: "index.js" }));
    put("node_modules/tsx/index.js", "");
    const { interpreterArgs } = resolve("app.ts", { interpreterArgs: ["-r", "dotenv/config"] });
    expect(interpreterArgs).toEqual([
      "--import",
      expect.stringContaining("tsx"),
      "-r",
      "dotenv/config",
    ]);
  },
);

test.each([
  ["node", true],
  ["/opt/node20", true],
  ["/usr/local/bin/node-v22.1.0", true],
  ["/usr/bin/nodejs", true],
  ["/usr/bin/nodemon", false],
  ["python3", false],
  [null, false],
])("%s is Node: %s", (program, isOne) => {
  expect(isNode(program)).toBe(isOne);
});

test.each([
  ["npm", null, ["start"], "npm"],
  ["/usr/bin/bash", null, ["-c", "node app.js"], "bash"],
  ["nice", null, ["-n", "5", "node", "app.js"], "nice"],
  ["sudo", null, ["-u", "app", "node", "app.js"], undefined],
  ["docker", null, ["run", "node", "app.js"], undefined],
  ["app.py", "/usr/bin/python3", ["node"], undefined],
  ["app.ts", "/usr/local/bin/bun", [], undefined],
  ["/srv/app.js", "/usr/bin/node", [], undefined],
  ["/usr/lib/node_modules/npm/bin/npm-cli.js", "/usr/bin/node", ["start"], "npm"],
])("in front of %s by %s with %j: %s", (script, interpreter, args, command) => {
  expect(commandInFront({ script, interpreter, args, interpreterArgs: [] })).toBe(command);
});

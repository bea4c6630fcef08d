import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { createActor } from "xstate";
import { expect, test } from "vitest";
import { appMachine, godMachine, processMachine, reloadMachine } from "../../machines/index.ts";

const root = join(import.meta.dirname, "../..");

/** The one command that plays a statechart itself; it loads it when it is called, from a bundle of its own. */
const simulates = "cli/commands/simulate.ts";

/** What the files of each folder may import of the others, by path prefix; types may come from the machines. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  machines: ["machines/"],
  runtime: ["machines/", "runtime/"],
  cli: [
    "cli/",
    "runtime/client/",
    "runtime/compat/",
    "runtime/charts/",
    "runtime/contract/",
    "runtime/host/home/",
    "runtime/host/log-files/format-time.ts",
  ],
};

const packagesOfMachines = ["xstate"];

test.each(Object.entries(mayImport))("%s imports only along the arrows", (folder, allowed) => {
  const wrong: string[] = [];
  for (const { file, target, isType } of imports(folder)) {
    if (!target.startsWith(".")) {
      if (folder === "machines" && !packagesOfMachines.includes(target))
        wrong.push(`${file}: ${target}`);
      continue;
    }
    const path = relative(root, resolve(root, dirname(file), target));
    if (file === simulates && path === "machines/simulation.ts") continue;
    if (isType && (path.startsWith("machines/") || path.startsWith("runtime/"))) continue;
    if (!allowed.some((prefix) => path.startsWith(prefix))) wrong.push(`${file}: ${path}`);
  }
  expect(wrong).toEqual([]);
});

test("runtime/client knows nothing of the daemon", () => {
  const wrong = imports("runtime/client").filter(
    ({ target, isType }) => !isType && /\.\.\/(daemon|programs)\//.test(target),
  );
  expect(wrong).toEqual([]);
});

test("only runtime/daemon/wire.ts fills ports, and the simulation, whose world is made up", () => {
  const filling = ["machines", "runtime", "cli"]
    .flatMap(sources)
    .filter((file) => /\.provide\(/.test(readFileSync(join(root, file), "utf8")));
  expect(filling).toEqual(["machines/simulation.ts", "runtime/daemon/wire.ts"]);
});

test("the compiler gives the machines no types of Node", () => {
  const { compilerOptions } = JSON.parse(
    readFileSync(join(root, "machines/tsconfig.json"), "utf8"),
  ) as {
    compilerOptions: { types: string[] };
  };
  expect(compilerOptions.types).toEqual([]);
});

test("every machine can be built: each transition has a target that exists", () => {
  for (const machine of [processMachine, reloadMachine, appMachine, godMachine]) {
    expect(() => createActor(machine as typeof godMachine, { input: {} })).not.toThrow(/target/i);
    expect(machine.root.id).toMatch(/^(process|reload|app|god)$/);
  }
});

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name));
}

function imports(folder: string): { file: string; target: string; isType: boolean }[] {
  return sources(folder).flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    const found = text.matchAll(
      /(?:import|export)\s+(type\s)?[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)/g,
    );
    return [...found].map(([, type, from, dynamic]) => ({
      file,
      target: from ?? dynamic ?? "",
      isType: type !== undefined,
    }));
  });
}

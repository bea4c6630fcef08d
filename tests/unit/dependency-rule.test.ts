import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { createActor } from "xstate";
import { expect, test } from "vitest";
import { imports, roomOf, root, sources, targets } from "../../docs/generate/rooms/imports.ts";
import { appMachine, godMachine, processMachine, reloadMachine } from "../../machines/index.ts";

/** The one command that plays a statechart itself; it loads it when it is called, from a bundle of its own. */
const simulates = "cli/commands/simulate.ts";

/**
 * The rooms, and what each may import besides itself. Types count: an import of a type ties two rooms together as an
 * import of a value does. A room of `client`, `daemon` and `programs` has the rights of the whole, and those beside its name.
 */
const ground = ["machines", "contract", "host", "compat", "charts"];
const mayImport: Readonly<Record<string, readonly string[]>> = {
  machines: [],
  charts: ["machines"],
  contract: ["machines"],
  host: ["machines", "contract"],
  compat: ["machines", "contract", "host"],
  client: ground,
  daemon: ground,
  // God's own commands and machines, in a world that is made up.
  plan: [...ground, "daemon"],
  "programs/balancer": ["contract", "host"],
  "programs/file-server": ["contract", "host"],
  "programs/io": ["contract"],
  "programs/log-lane": ["contract", "host"],
  "programs/page": ["machines", "contract", "compat", "charts"],
  "programs/notifier": ["machines", "contract", "host"],
  "programs/rotator": ["machines", "contract", "host"],
  "programs/preload": ["contract", "host"],
  cli: [...ground, "client", "plan"],
};

/** The rooms as the compiler sees them: the programs are one project, but for the page, which is the browser's. */
const projects = [
  ...new Set(Object.keys(mayImport).map((room) => (isProgram(room) ? "programs" : room))),
];

/** The daemon's own rooms, lower ones first: each may import those before it. */
const daemonRooms = [
  "state",
  "metrics",
  "registry",
  "records",
  "app-links",
  "balancers",
  "log-lane",
  "rotation",
  "notify",
  "sensors",
  "children",
  "hooks",
  "bus",
  "daemon.ts",
  "commands",
  "api",
  "inspector",
  "start",
];

test("rooms import along the arrows only, types included", () => {
  const wrong = imports().filter(
    ({ from, to, file, path }) =>
      from !== to &&
      !(mayImport[from] ?? []).includes(to) &&
      !(file === simulates && path === "machines/simulation.ts"),
  );
  expect(wrong.map(({ file, path }) => `${file}: ${path}`)).toEqual([]);
});

test("the daemon's rooms import those below them only, types included", () => {
  const wrong = imports().filter(({ from, to, file, path }) => {
    if (from !== "daemon" || to !== "daemon") return false;
    return daemonRooms.indexOf(roomOfDaemon(path)) > daemonRooms.indexOf(roomOfDaemon(file));
  });
  expect(wrong.map(({ file, path }) => `${file}: ${path}`)).toEqual([]);
});

test("no files import one another in a circle, types included", () => {
  const edges = new Map<string, string[]>();
  for (const { file, path } of imports()) edges.set(file, [...(edges.get(file) ?? []), path]);
  expect(circles(edges)).toEqual([]);
});

test("machines import XState alone, the contract no module of Node", () => {
  const wrong = packagesOf("machines").filter(({ target }) => target !== "xstate");
  const ofNode = packagesOf("runtime/contract").filter(({ target }) => target.startsWith("node:"));
  expect([...wrong, ...ofNode]).toEqual([]);
});

test("only runtime/daemon/wire.ts fills ports, and the simulation, whose world is made up", () => {
  const filling = ["machines", "runtime", "cli"]
    .flatMap(sources)
    .filter((file) => /\.provide\(/.test(readFileSync(join(root, file), "utf8")));
  expect(filling).toEqual(["machines/simulation.ts", "runtime/daemon/wire.ts"]);
});

test("the compiler knows the rooms too: each is a project that refers to those it may import", () => {
  const references = (room: string) =>
    (projectOf(room).references ?? [])
      .map(({ path }) => roomOf(relative(root, resolve(root, folderOf(room), path))))
      .toSorted();
  const allowed = (room: string) =>
    Object.entries(mayImport)
      .filter(([name]) => name === room || (room === "programs" && isProgram(name)))
      .flatMap(([, rooms]) => rooms);
  for (const room of projects) {
    expect(references(room), room).toEqual([...new Set(allowed(room))].toSorted());
  }
});

test("no types of Node where no Node runs, and those of a browser in the page alone", () => {
  const given = projects.map((room) => [room, projectOf(room).compilerOptions] as const);
  const withoutNode = given.filter(([, { types }]) => !types.includes("node"));
  expect(withoutNode.map(([room]) => room)).toEqual([
    "machines",
    "charts",
    "contract",
    "programs/page",
  ]);
  const withDom = given.filter(([, { lib }]) => lib?.includes("DOM"));
  expect(withDom.map(([room]) => room)).toEqual(["programs/page"]);
});

test("every machine can be built: each transition has a target that exists", () => {
  for (const machine of [processMachine, reloadMachine, appMachine, godMachine]) {
    expect(() => createActor(machine as typeof godMachine, { input: {} })).not.toThrow(/target/i);
    expect(machine.root.id).toMatch(/^(process|reload|app|god)$/);
  }
});

interface Project {
  readonly compilerOptions: { readonly types: readonly string[]; readonly lib?: readonly string[] };
  readonly references?: readonly { readonly path: string }[];
}

function projectOf(room: string): Project {
  return JSON.parse(readFileSync(join(root, folderOf(room), "tsconfig.json"), "utf8")) as Project;
}

function folderOf(room: string): string {
  return room === "machines" || room === "cli" ? room : `runtime/${room}`;
}

function isProgram(room: string): boolean {
  return room.startsWith("programs/") && room !== "programs/page";
}

function roomOfDaemon(path: string): string {
  const [, , room = "", ...rest] = path.split("/");
  if (rest.length > 0) return room;
  return room === "daemon.ts" ? room : "start";
}

/** Each set of files that reach one another (Tarjan). */
function circles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const indexes = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    indexes.set(file, indexes.size);
    lowest.set(file, indexes.size - 1);
    stack.push(file);
    for (const next of edges.get(file) ?? []) {
      if (!indexes.has(next)) visit(next);
      else if (!stack.includes(next)) continue;
      lowest.set(file, Math.min(lowest.get(file) ?? 0, lowest.get(next) ?? 0));
    }
    if (lowest.get(file) !== indexes.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) found.push(circle.toSorted());
  };
  for (const file of edges.keys()) if (!indexes.has(file)) visit(file);
  return found;
}

function packagesOf(folder: string): { file: string; target: string }[] {
  return sources(folder).flatMap((file) =>
    targets(file)
      .filter((target) => !target.startsWith("."))
      .map((target) => ({ file, target })),
  );
}

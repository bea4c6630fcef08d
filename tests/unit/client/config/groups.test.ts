import { expect, test } from "vitest";
import { groupsOf, joined } from "../../../../machines/group-spec.ts";
import { parseEcosystem } from "../../../../runtime/client/config/load.ts";
import { normalizeApps } from "../../../../runtime/client/config/normalize.ts";
import { homePaths } from "../../../../runtime/host/home/paths.ts";
import { XmError } from "../../../../runtime/contract/errors.ts";

type Apps = readonly Readonly<Record<string, unknown>>[];

async function read(groups: unknown, apps: Apps = named("db", "api", "web")) {
  const { apps: raw } = await parseEcosystem(JSON.stringify({ apps, groups }), "apps.json");
  return normalizeApps(raw, {
    home: homePaths("/home/xm"),
    base: "/",
    caller: {},
    source: "apps.json",
  });
}

const named = (...names: readonly string[]): Apps =>
  names.map((name) => ({ name, script: "/bin/true" }));

async function faults(groups: unknown, apps?: Apps): Promise<string> {
  const error: unknown = await read(groups, apps).catch((thrown: unknown) => thrown);
  if (!(error instanceof XmError)) throw new Error(`it was accepted: ${JSON.stringify(groups)}`);
  return error.message;
}

test("apps learn the group that they belong to, with its defaults", async () => {
  const [db, api, web] = await read({ site: { apps: ["web", "db"] } });
  const group = {
    name: "site",
    strategy: "one_for_one",
    maxRestarts: 5,
    restartWindowMs: 10_000,
    autoShutdown: "never",
    namespace: null,
    order: 0,
    isSignificant: false,
  };
  expect(db?.group).toEqual({ groups: [group], order: 1, isSignificant: false });
  expect(web?.group).toEqual({ groups: [group], order: 0, isSignificant: false });
  expect(api?.group).toBeUndefined();
});

test("without groups a specification has no group", async () => {
  const specs = await read(undefined);
  expect(specs.every((spec) => !("group" in spec))).toBe(true);
});

test("groups within groups come after the apps, by definition or by name", async () => {
  const inner = { strategy: "one_for_all", apps: ["api", "web"], restart_window: "1m" };
  const nested = await read({ site: { apps: ["db"], groups: { front: inner } } });
  const byName = await read({ site: { apps: "db", groups: ["front"] }, front: inner });
  expect(byName).toEqual(nested);
  const places = groupsOf(nested.map((spec) => ({ key: spec.name, spec })));
  expect(places.get("site")?.leaves.map(({ key, member }) => [key, member])).toEqual([
    ["db", "db"],
    ["api", "group:front"],
    ["web", "group:front"],
  ]);
  expect(places.get("front")).toMatchObject({ parent: "site", spec: { restartWindowMs: 60_000 } });
});

test("a group may have the apps of a namespace, and others join it later", async () => {
  const apps = named("db", "api").map((app) => ({ ...app, namespace: "shop" }));
  const specs = await read({ shop: { namespace: "shop" } }, [...apps, ...named("web")]);
  expect(specs.map(({ group }) => group?.groups.at(-1)?.name)).toEqual(["shop", "shop", undefined]);
  const known = specs.map((spec) => ({ key: spec.name, spec }));
  expect(joined("shop", known)).toMatchObject({ groups: [{ name: "shop" }] });
  expect(joined("default", known)).toBeUndefined();
});

test.each([
  [{ a: { apps: ["nobody"] } }, 'groups.a.apps[0]: no app named "nobody" in this file; it has db'],
  [{ a: { apps: ["db"] }, b: { apps: ["db"] } }, "groups.b.apps[0]: db is in two groups, a and b"],
  [{ a: { apps: ["db", "db"] } }, "groups.a.apps[1]: db is named twice in group a"],
  [{ a: {} }, "groups.a.apps: expected the names of apps, got nothing"],
  [{ a: { apps: 3 } }, "groups.a.apps: expected a list of names, got 3"],
  [{ a: ["db"] }, 'groups.a: expected an object with apps and strategy, got ["db"]'],
  [["db"], 'groups: expected an object of groups by name, got ["db"]'],
  [
    { a: { apps: ["db"], strategi: 1 } },
    "groups.a.strategi: no such field of a group; expected apps",
  ],
  [
    { a: { apps: ["db"], strategy: "all" } },
    'groups.a.strategy: expected one_for_one, one_for_all, rest_for_one, got "all"',
  ],
  [
    { a: { apps: ["db"], auto_shutdown: true } },
    "groups.a.auto_shutdown: expected never, any_significant, all_significant, got true",
  ],
  [
    { a: { apps: ["db"], max_restarts: 1.5 } },
    "groups.a.max_restarts: expected a whole number from 0 to 1000000, got 1.5",
  ],
  [
    { a: { apps: ["db"], restart_window: "soon" } },
    'groups.a.restart_window: expected ms or a time such as "10s", 1 ms or longer, got "soon"',
  ],
  [{ a: { namespace: "none" } }, 'groups.a.namespace: no app of this file is in namespace "none"'],
  [
    { a: { namespace: "default", apps: ["db"] } },
    "groups.a.namespace: expected either apps or namespace, got both",
  ],
  [
    { a: { apps: ["db"], groups: ["b"] } },
    'groups.a.groups[0]: no group named "b" in this file; it has a',
  ],
  [
    { a: { apps: ["db"], groups: ["b"] }, b: { apps: ["api"], groups: ["a"] } },
    "are within one another",
  ],
  [{ a: { apps: ["db"], groups: ["a"] } }, "groups.a.groups: a → a are within one another"],
  [
    { a: { apps: ["db"], significant: true } },
    "groups.a.significant: the group is within no other group",
  ],
  [
    { a: { apps: ["db"], groups: { a: { apps: ["api"] } } } },
    "groups.a.groups.a: there are two groups of this name",
  ],
])("%j is refused by the name of its field", async (groups, fault) => {
  expect(await faults(groups)).toContain(fault);
});

test("a significant app ends, in a group that shuts down", async () => {
  const group = { job: { apps: ["batch"], auto_shutdown: "any_significant" } };
  const batch = { name: "batch", script: "/bin/true", significant: true };
  const [spec] = await read(group, [{ ...batch, restart: "on-failure" }]);
  expect(spec?.group?.isSignificant).toBe(true);
  expect(await faults(group, [batch])).toContain(
    'apps[0].significant: expected restart: "on-failure" or "never"',
  );
  expect(await faults(undefined, [{ ...batch, restart: "never" }])).toContain(
    "apps[0].significant: the app belongs to no group",
  );
  expect(await faults({ job: { apps: ["batch"] } }, [{ ...batch, restart: "never" }])).toContain(
    "apps[0].significant: group job has no auto_shutdown",
  );
});

test("beside one app alone `groups` is not a section", async () => {
  const { apps } = await parseEcosystem(
    JSON.stringify({ script: "/bin/true", supplementary_groups: ["adm"] }),
    "apps.json",
  );
  expect(apps).toHaveLength(1);
});

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CgroupSpec } from "../../../../machines/spec.ts";
import {
  createGroups,
  homeTag,
  type GroupOptions,
} from "../../../../runtime/host/groups/groups.ts";
import { testFolder } from "../../../support/folder.ts";

const home = "/srv/home";
const tag = homeTag(home);
const mountLine = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw";

/** A tree of files as the kernel shows it, of which a test declares what matters. */
function machine(options: {
  readonly own?: string;
  readonly mount?: string;
  /** Controllers of a group, and the processes in it. */
  readonly groups?: Readonly<Record<string, { controllers?: string; procs?: string }>>;
}) {
  const { path: root } = testFolder();
  const put = (file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  put("proc/self/cgroup", options.own ?? "0::/\n");
  put("proc/self/mountinfo", `${options.mount ?? mountLine}\n`);
  for (const [group, { controllers = "", procs = "" }] of Object.entries(
    options.groups ?? { "/": { controllers: "cpu io memory pids" } },
  )) {
    const folder = `sys/fs/cgroup${group}`;
    put(`${folder}/cgroup.controllers`, controllers);
    put(`${folder}/cgroup.subtree_control`, "");
    put(`${folder}/cgroup.procs`, procs);
    if (group !== "/") put(`${folder}/cgroup.type`, "domain\n");
  }
  const top = join(root, "sys/fs/cgroup");
  const groups = (more: Partial<GroupOptions> = {}) =>
    createGroups({ home, root, uid: 0, isOwn: () => true, ...more });
  const text = (file: string): string => readFileSync(join(top, file), "utf8");
  return { root, top, groups, text, put };
}

/** What is said of a limit that cannot be had. */
function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return `${(error as Error).message} ${JSON.stringify(error)}`;
  }
  throw new Error("it was not refused");
}

describe("a group with its limits", () => {
  const all: CgroupSpec = {
    memoryMax: 2 ** 29,
    memoryHigh: 2 ** 28,
    swapMax: 0,
    cpuMax: 1.5,
    cpuWeight: 50,
    ioWeight: 200,
    pidsMax: 64,
    oomGroup: true,
  };

  test("of root: at the top, each value in its file", () => {
    const { groups, text, top } = machine({});
    expect(groups().make("3-life", all)).toBe(join(top, tag, "3-life"));
    const files = {
      "memory.max": "536870912",
      "memory.high": "268435456",
      "memory.swap.max": "0",
      "memory.oom.group": "1",
      "cpu.max": "150000 100000",
      "cpu.weight": "50",
      "io.weight": "default 200",
      "pids.max": "64",
    };
    for (const [file, value] of Object.entries(files))
      expect([file, text(`${tag}/3-life/${file}`)]).toEqual([file, value]);
    expect(text("cgroup.subtree_control")).toBe("+memory +cpu +io +pids");
    expect(text(`${tag}/cgroup.subtree_control`)).toBe("+memory +cpu +io +pids");
  });

  test("without limits no controller is needed", () => {
    const { groups, text, top } = machine({ groups: { "/": { procs: "1\n2\n" } } });
    const group = groups().make("0-life", {});
    expect(group).toBe(join(top, tag, "0-life"));
    expect(text("cgroup.subtree_control")).toBe("");
  });

  test("only what is missing is switched on", () => {
    const { groups, text, put } = machine({});
    put("sys/fs/cgroup/cgroup.subtree_control", "cpu memory\n");
    groups().make("0-life", { memoryMax: 2 ** 20, pidsMax: 1 });
    expect(text("cgroup.subtree_control")).toBe("+pids");
  });
});

describe("where the home's group is made", () => {
  const service = "/system.slice/xm.service";
  const scope = "/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope";
  const controllers = "cpu memory pids";

  test("root in a service: at the top, and the service stays as it is", () => {
    const { groups, text } = machine({
      own: `0::${service}\n`,
      groups: { "/": { controllers }, [service]: { controllers, procs: "7\n" } },
    });
    groups().make("0-life", { memoryMax: 2 ** 20 });
    expect(text(`${service}/cgroup.procs`)).toBe("7\n");
    expect(text("cgroup.subtree_control")).toBe("+memory");
  });

  test("a user's scope: the daemon goes into a leaf first", () => {
    const { groups, text, top } = machine({
      own: `0::${scope}\n`,
      groups: { [scope]: { controllers, procs: "7\n" } },
    });
    const group = groups({ uid: 1000 }).make("0-life", { memoryMax: 2 ** 20 });
    expect(group).toBe(join(top, scope, tag, "0-life"));
    expect(text(`${scope}/${tag}/god/cgroup.procs`)).toBe("7");
    expect(text(`${scope}/cgroup.subtree_control`)).toBe("+memory");
  });

  test.each([0, 1000])("DelegateSubgroup, user %i: nothing has to be moved", (uid) => {
    const { groups, top } = machine({
      own: `0::${service}/xm-god\n`,
      groups: { [service]: { controllers }, [`${service}/xm-god`]: { procs: "7\n" } },
    });
    expect(groups({ uid }).make("0-life", { pidsMax: 5 })).toBe(join(top, service, tag, "0-life"));
    expect(existsSync(join(top, service, tag, "god"))).toBe(false);
  });

  test.each([`${scope}/${tag}/god`, `${scope}/${tag}/0-before`, `${scope}/.control`])(
    "the next daemon finds the same place from %s",
    (own) => {
      const { groups, top } = machine({
        own: `0::${own}\n`,
        groups: { [scope]: { controllers } },
      });
      const group = groups({ uid: 1000 }).make("1-life", { pidsMax: 5 });
      expect(group).toBe(join(top, scope, tag, "1-life"));
    },
  );

  test("root of a container whose cgroup namespace begins at its own group", () => {
    const { groups, text, put } = machine({
      groups: { "/": { controllers, procs: "1\n7\n" } },
    });
    put("sys/fs/cgroup/cgroup.type", "domain\n");
    groups().make("0-life", { memoryMax: 2 ** 20 });
    expect(text(`${tag}/god/cgroup.procs`)).toBe("7");
  });

  test("a mount that shows a part of the hierarchy", () => {
    const { groups, top } = machine({
      own: "0::/docker/abc/inner\n",
      mount: "30 23 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw",
      groups: { "/": { controllers }, "/inner": { controllers } },
    });
    const group = groups({ uid: 1000 }).make("0-life", { memoryMax: 2 ** 20 });
    expect(group).toBe(join(top, "inner", tag, "0-life"));
  });
});

describe("what cannot be had is an error that says why, and how to get it", () => {
  const memory: CgroupSpec = { memoryMax: 2 ** 20 };
  const controllers = "memory";

  test.each<
    [string, Parameters<typeof machine>[0], Partial<GroupOptions>, CgroupSpec, (string | RegExp)[]]
  >([
    [
      "version 1 only",
      { own: "4:memory:/\n1:cpu:/\n", mount: "" },
      {},
      memory,
      ["memory_max cannot be set", "version 1 only", "unified_cgroup_hierarchy=1"],
    ],
    [
      "hybrid",
      { own: "4:memory:/\n7:blkio:/\n0::/\n", groups: { "/": { controllers: "hugetlb" } } },
      {},
      { ioWeight: 5 },
      ["io_weight cannot be set", "the io controller belongs to cgroup version 1"],
    ],
    [
      "a controller that was not delegated",
      { own: "0::/s.scope\n", groups: { "/s.scope": { controllers: "memory pids" } } },
      { uid: 1000 },
      { cpuMax: 1 },
      [
        "cpu_max cannot be set",
        "does not have the cpu controller (it has memory, pids)",
        "Delegate=yes",
      ],
    ],
    [
      "others in the group",
      { own: "0::/s.scope\n", groups: { "/s.scope": { controllers, procs: "7\n8\n" } } },
      { uid: 1000, isOwn: (pid) => pid === 7 },
      memory,
      [
        /other programs run in the daemon's group .*s\.scope \(pid 8\)/,
        "systemd-run --user --scope",
      ],
    ],
    [
      "an older systemd's service",
      { own: "0::/x.service\n", groups: { "/x.service": { controllers, procs: "7\n" } } },
      { uid: 1000 },
      memory,
      ["systemd could not restart the daemon in x.service", "DelegateSubgroup=xm-god"],
    ],
    [
      "outside of what is mounted",
      { own: "0::/../else\n" },
      {},
      memory,
      ["is outside the mounted ones"],
    ],
  ])("%s", (_, options, more, spec, expected) => {
    const { groups } = machine(options);
    const said = refusal(() => groups(more).make("0-life", spec));
    for (const each of expected) expect(said).toMatch(each);
  });

  test("a value that the kernel refuses leaves no group behind", () => {
    const { groups, top, put } = machine({});
    // What cannot be written: a folder in the place of the file.
    put(`sys/fs/cgroup/${tag}/0-life/memory.swap.max/x`, "");
    const said = refusal(() => groups().make("0-life", { swapMax: 0 }));
    expect(said).toMatch("swap_max cannot be set: this kernel does not count swap");
    rmSync(join(top, tag, "0-life/memory.swap.max"), { recursive: true });
  });
});

describe("afterwards", () => {
  const empty = (folder: string): void => void mkdirSync(folder, { recursive: true });

  test("an empty group goes, with what the app made below it; one of another home stays", () => {
    const { groups, top } = machine({});
    const [own, other] = [join(top, tag, "0-life"), join(top, "xm-other", "0-life")];
    empty(join(own, "a/b"));
    empty(other);
    groups().remove(own);
    groups().remove(other);
    expect([existsSync(own), existsSync(other)]).toEqual([false, true]);
  });

  test("the next daemon removes what is empty, and nothing that is about to be entered", () => {
    const { groups, top } = machine({ groups: { "/": {} } });
    const [left, used] = ["0-left", "1-used"].map((name) => join(top, tag, name));
    empty(left ?? "");
    empty(used ?? "");
    // Stands for a process in it: the kernel refuses to remove such a group.
    writeFileSync(join(used ?? "", "x"), "");
    const its = groups();
    const fresh = its.make("2-fresh", {});
    its.tidy();
    expect([left, used, fresh].map((each) => existsSync(each ?? ""))).toEqual([false, true, true]);
    its.tidy(true);
    expect(existsSync(fresh)).toBe(false);
  });

  test("a daemon that an app has started leaves the app's group", () => {
    const { groups, text, put } = machine({ own: `0::/${tag}/0-life\n`, groups: { "/": {} } });
    put(`sys/fs/cgroup/${tag}/god/cgroup.procs`, "");
    groups().tidy();
    expect(text(`${tag}/god/cgroup.procs`)).toBe(String(process.pid));
  });

  test("the group of a process is found, and God's own is none", () => {
    const { groups, top, put } = machine({});
    put("proc/7/cgroup", `1:cpu:/\n0::/${tag}/0-life/below\n`);
    put("proc/8/cgroup", `0::/${tag}/god\n`);
    put("proc/9/cgroup", "0::/elsewhere\n");
    const its = groups();
    expect([7, 8, 9, 10].map((pid) => its.of(pid))).toEqual([
      join(top, tag, "0-life"),
      undefined,
      undefined,
      undefined,
    ]);
  });
});

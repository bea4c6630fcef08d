import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";

interface Link {
  readonly name: string;
  readonly what: string;
  readonly by: string | null;
  readonly at: number;
  readonly cause: Link | null;
}

const declare = (home: TestHome, apps: readonly object[]): string =>
  home.file("ecosystem.config.json", JSON.stringify({ apps }));

const treeOf = async (home: TestHome, name: string): Promise<Link | null> => {
  const [tree] = JSON.parse(await home.ok("why", name, "--tree", "--json")) as { tree: Link }[];
  return tree?.tree ?? null;
};

test("a restart is followed from app to app to the file whose change began it, also after God's death", async () => {
  const home = testHome();
  const script = home.file("app.cjs", "setInterval(() => {}, 1_000);");
  const watched = home.file("db.txt", "1");
  const follows = (name: string): object => ({ depends_on: { [name]: { restart: true } } });
  await home.ok(
    "start",
    declare(home, [
      { name: "db", script, watch: [watched] },
      { name: "api", script, ...follows("db") },
      { name: "web", script, ...follows("api") },
    ]),
  );
  expect(await treeOf(home, "web")).toBeNull();
  expect(await home.ok("why", "web", "--tree")).toContain("It has never exited");
  const { pid } = await home.process("web");
  writeFileSync(watched, "2");
  await until("the last restart", async () => {
    const web = await home.process("web");
    return web.status === "online" && web.pid !== pid;
  });
  const chain = (link: Link | null): string[] =>
    link === null ? [] : [`${link.name} ${link.what}`, ...chain(link.cause)];
  const tree = await treeOf(home, "web");
  expect(chain(tree)).toEqual(["web restarted", "api restarted", "db restarted"]);
  const [api, db] = [tree?.cause, tree?.cause?.cause];
  expect([api?.by, db?.by]).toEqual(["the restart of db", "a change of db.txt"]);
  expect(db?.at).toBeLessThanOrEqual(api?.at ?? 0);
  const before = home.godPid();
  process.kill(before, "SIGKILL");
  await home.nextGod(before);
  const lines = (await home.ok("why", "web", "--tree")).split("\n");
  expect(lines[0]).toBe("web restarted ← api restarted ← db restarted ← a change of db.txt");
  expect(lines.filter((line) => line.includes("└")).length).toBe(3);
});

test("a loss leads to the crash that began it; without --tree there is no JSON", async () => {
  const home = testHome();
  const script = home.file("app.cjs", "setInterval(() => {}, 1_000);");
  const fails = home.file(
    "fails.cjs",
    `setInterval(() => { if (require("node:fs").existsSync(${JSON.stringify(join(home.folder, "bad"))})) process.exit(9); }, 20);`,
  );
  await home.ok(
    "start",
    declare(home, [
      { name: "db", script: fails, restart: "never" },
      { name: "api", script, depends_on: { db: { on_loss: "stop" } } },
    ]),
  );
  home.file("bad", "");
  await until("the stop", async () => (await home.process("api")).status === "stopped");
  const [line = ""] = (await home.ok("why", "api", "--tree")).split("\n");
  expect(line).toBe("api stopped ← db stopped");
  expect(await home.ok("why", "api", "--tree")).toContain("Exited with code 9");
  const refused = await home.xm("why", "api", "--json");
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringContaining("--json: only --tree has a JSON form"),
  ]);
});

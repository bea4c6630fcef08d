import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testHome, type TestHome } from "../support/home.ts";
import { freePort } from "../support/ports.ts";

const server = (version: string): string =>
  version === "broken"
    ? 'throw new Error("this build is broken");\n'
    : `require("node:http").createServer((_, response) => response.end("${version}")).listen(Number(process.env.PORT), "127.0.0.1");\n`;

/** A clone that a cluster runs from, and its remote. */
async function clone(fields: Record<string, unknown> = {}) {
  const home: TestHome = testHome();
  const [origin, work] = [join(home.folder, "origin"), join(home.folder, "work")];
  const git = (folder: string, ...words: string[]): string =>
    execFileSync("git", ["-C", folder, "-c", "user.name=n", "-c", "user.email=e", ...words], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  git(home.folder, "init", "--quiet", "--initial-branch=main", "origin");
  const commit = (version: string, folder = origin): string => {
    writeFileSync(join(folder, "app.cjs"), server(version));
    git(folder, "add", ".");
    git(folder, "commit", "--quiet", "-m", version);
    return git(folder, "rev-parse", "HEAD");
  };
  const first = commit("v1");
  git(home.folder, "clone", "--quiet", "origin", "work");
  const port = await freePort();
  const app = { name: "web", script: "app.cjs", cwd: work, instances: 2, ...fields };
  const file = home.file(
    "ecosystem.config.json",
    JSON.stringify({ apps: [{ ...app, env: { PORT: port } }] }),
  );
  await home.ok("start", file);
  const answer = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } })).text();
  const head = (): string => git(work, "rev-parse", "HEAD");
  return { home, work, first, commit, git, answer, head };
}

test("pull, backward and forward move the repository and reload; what ran is in history, describe and jlist", async () => {
  const { home, work, first, commit, git, answer, head } = await clone();
  const [second, third] = [commit("v2"), commit("v3")];
  const short = (text: string): string => text.slice(0, 7);
  expect(await answer()).toBe("v1");
  const pulled = await home.ok("pull", "web");
  expect(pulled).toContain("Updating repository for process name web\n");
  expect(pulled).toContain(`went from ${short(first)} to ${short(third)}\n`);
  expect([await answer(), head()]).toEqual(["v3", third]);
  expect(await home.ok("pull", "web")).toContain(`is already at ${short(third)}`);
  await home.ok("backward", "web");
  expect([await answer(), head()]).toEqual(["v2", second]);
  await home.ok("forward", "web");
  expect([await answer(), head()]).toEqual(["v3", third]);
  await home.ok("pull", "web", first);
  expect([await answer(), head()]).toEqual(["v1", first]);
  expect(git(work, "symbolic-ref", "--short", "HEAD")).toBe("main");

  const history = await home.ok("history", "web", "--lines", "500");
  for (const text of [
    `, at ${short(first)}`,
    `went from ${short(first)} to ${short(third)}`,
    `went from ${short(third)} to ${short(second)}`,
  ])
    expect(history).toContain(text);
  // Once for each life: two processes, four moves.
  expect(history.match(/went from/g)).toHaveLength(8);
  git(work, "reset", "--quiet", "--hard", second);
  expect(await home.ok("describe", "web")).toMatch(
    new RegExp(`git +main, commit ${second.slice(0, 10)}[^]*runs +commit ${first.slice(0, 10)}`),
  );
  const [{ pm2_env: listed }] = JSON.parse(await home.ok("jlist")) as [
    { pm2_env: { versioning: unknown } },
  ];
  expect(listed.versioning).toEqual({
    type: "git",
    url: join(home.folder, "origin"),
    revision: first,
    branch: "main",
    repo_path: work,
  });
});

test("a commit that does not come up goes back, by the reload and by post_update", async () => {
  const { home, first, commit, answer, head } = await clone({
    post_update: ["node --check app.cjs"],
  });
  const broken = commit("broken");
  const pids = async (): Promise<unknown> => (await home.list()).map(({ status }) => status);
  const failed = await home.xm("pull", "web");
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain("$ node --check app.cjs\n");
  expect(failed.stderr).toContain("this build is broken");
  expect(failed.stderr).toContain(`${broken.slice(0, 7)} did not start`);
  expect([await answer(), head(), await pids()]).toEqual(["v1", first, ["online", "online"]]);
});

test("what would be lost, and where there is nowhere to go, is refused", async () => {
  const { home, work, commit, first, head } = await clone();
  const refused = async (...words: string[]): Promise<string> => {
    const { code, stderr } = await home.xm(...words);
    expect(code).toBe(1);
    return stderr;
  };
  expect(await refused("forward", "web")).toContain("there is no later commit");
  expect(await refused("backward", "web")).toContain("there is no commit before this one");
  expect(await refused("pull", "web", "nowhere")).toContain("it has no commit nowhere");
  expect(await refused("pull", "nobody")).toContain('no process, name or namespace "nobody"');
  expect(await refused("pull", "web", "--", "-f")).toContain("it has no commit -f");
  expect(await refused("forward", "web", first)).toContain("expected the name of a process");
  writeFileSync(join(work, "app.cjs"), "changed\n");
  expect(await refused("pull", "web")).toContain("it has uncommitted changes");
  commit("mine", work);
  commit("theirs");
  expect(await refused("pull", "web")).toContain("it has commits that are not on its remote");
  expect(await refused("backward", "web")).toContain("push it first");
  await home.ok("start", "sleep", "--name", "outside", "--cwd", "/", "--", "60");
  expect(await refused("pull", "outside")).toContain(
    "no versioning system found for process outside",
  );
  expect(head()).not.toBe(first);
});

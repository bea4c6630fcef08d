import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, testHome } from "../support/home.ts";
import { runs, sampled } from "./generate.ts";

/** A mark as another process of the machine may claim it: right parts where they can be read, and odd lives. */
const claims = (marks: readonly string[], home: string): fc.Arbitrary<string> => {
  const pathTag = createHash("sha256").update(home).digest("base64url").slice(0, 10);
  const parts = marks.map((mark) => mark.split(":"));
  const proofs = parts.map(([proof = ""]) => proof);
  const lives = parts.map(([, , life = ""]) => life);
  return fc.oneof(
    // The proof of one process for another, or for another life of it.
    fc
      .tuple(
        fc.constantFrom(...proofs, "", "0", "x".repeat(22), "x".repeat(64)),
        fc.constantFrom("0", "1", "-1", "1e9", "a", "99999999999", "00", "0 "),
        fc.oneof(
          fc.constantFrom("../../planted", "/etc/passwd", "..", ".", "", "AbCdEfGhIjK1", "a/b", "x".repeat(300)),
          fc.constantFrom(...lives.map((life) => `${life}x`), ...lives.map((life) => life.toLowerCase())),
          fc.string({ maxLength: 20 }).filter((text) => !text.includes("\0")),
        ),
      )
      .map((words) => words.join(":")),
    // As daemons before proofs wrote them: a hash of the home's path, which anybody can compute.
    fc.constantFrom(...lives, "../../planted", "AbCdEfGhIjK1").map((life) => `${pathTag}:0:${life}`),
    fc.constantFrom(...marks).chain((mark) => fc.nat({ max: mark.length - 1 }).map((end) => mark.slice(0, end))),
    fc.string({ maxLength: 60 }).filter((text) => !text.includes("\0")),
  ); // prettier-ignore
};

test("a mark that somebody else puts into an environment makes nothing his, and nothing is removed for it", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  const crash = home.file("waits.js", "process.exit(1);");
  await home.ok("start", crash, "--name", "waits", "--restart-delay", "1h");
  const app = home.file("app.js", "setInterval(() => {}, 1e6);");
  await home.ok("start", app, "--name", "api");
  const { pid } = await home.process("api");
  const planted = join(home.paths.home, "planted");
  writeFileSync(planted, '{"at":1,"code":0,"signal":null}');
  // What a process of the same user can see of a real mark; another user sees less.
  const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
  const marks = environment
    .filter((each) => each.startsWith("XM_LIFE="))
    .map((each) => each.slice(8));
  expect(marks.length).toBe(1);

  const claimants: ChildProcess[] = [];
  onTestFinished(() => {
    for (const each of claimants)
      if (each.pid !== undefined && isThere(each.pid)) each.kill("SIGKILL");
  });
  const all = sampled(claims(marks, home.paths.home), runs(40));
  for (let from = 0; from < all.length; from += 50) {
    const batch = all
      .slice(from, from + 50)
      .map((mark) =>
        spawn("/bin/sleep", ["600"], { detached: true, stdio: "ignore", env: { XM_LIFE: mark } }),
      );
    claimants.push(...batch);
    const god = home.godPid();
    process.kill(god, "SIGKILL");
    await until("God to be gone", () => !isThere(god));
    await home.ok("ping");
    const list = await home.list();
    expect(list.find(({ name }) => name === "api")?.pid).toBe(pid);
    expect(list.find(({ name }) => name === "waits")?.status).not.toBe("online");
    expect(batch.every((each) => each.pid !== undefined && isThere(each.pid))).toBe(true);
    expect(existsSync(planted)).toBe(true);
    for (const each of batch) each.kill("SIGKILL");
  }
});

import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Tests of another user's rights need root, as in CI; elsewhere they are skipped. */
export const isRoot = process.geteuid?.() === 0;

export interface OtherUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** A folder of that user's, which everybody can enter. */
  readonly folder: string;
}

let count = 0;

/** Another user of this machine, without rights, for one test. */
export function otherUser(groups: readonly string[] = []): OtherUser {
  count += 1;
  const name = `xmt${process.pid}x${count}`;
  execFileSync("useradd", [
    "--no-create-home",
    "--shell",
    "/bin/sh",
    ...(groups.length === 0 ? [] : ["--groups", groups.join(",")]),
    name,
  ]);
  onTestFinished(() => void execFileSync("userdel", ["--force", name], { stdio: "ignore" }));
  const id = (flag: string): number =>
    Number(execFileSync("id", [flag, name], { encoding: "utf8" }));
  const [uid, gid] = [id("-u"), id("-g")];
  const folder = mkdtempSync(join(tmpdir(), "xm-other-"));
  chmodSync(folder, 0o755);
  chownSync(folder, uid, gid);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return { name, uid, gid, folder };
}

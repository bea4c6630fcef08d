import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { onTestFinished } from "vitest";
import { until } from "./condition.ts";
import { xmFile, type TestHome } from "./home.ts";
import { freePort } from "./ports.ts";

const sshd = "/usr/sbin/sshd";

/** Whether there is a server to deploy to; in CI, which installs it, a missing one is a failure. */
export function hasSshd(): boolean {
  const isThere = existsSync(sshd);
  if (!isThere && process.env["CI"]) throw new Error("CI has no sshd: .ci/run installs it");
  return isThere;
}

/** One address of this machine as a host of its own: a user's folder, a home of `xm`, variables. */
export interface TestHost {
  readonly address: string;
  readonly home: TestHome;
  /** `HOME` there. */
  readonly userHome: string;
}

/** What a `deploy` block needs to reach the server. */
export interface SshAccess {
  readonly user: string;
  readonly port: number;
  readonly key: string;
  readonly ssh_options: readonly string[];
}

/** What a host has in PATH: no Node and no `xm`, which only nvm's folder has. */
const tools =
  "awk bash cat dirname env flock git head ln ls mkdir mv printf pwd readlink sed sh sleep tail touch tr uname wc";

/**
 * Runs sshd(8) as the test's own user on a free port of some loopback addresses, which differ in `HOME`, `XM_HOME` and
 * what `variables` says. It ends with the test.
 */
export async function startSshd(
  folder: string,
  hosts: readonly (TestHost & { readonly variables: Readonly<Record<string, string | number>> })[],
): Promise<SshAccess> {
  const file = (name: string): string => join(folder, name);
  mkdirSync(folder, { recursive: true });
  for (const name of ["host_key", "user_key"])
    spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file(name)]);
  const port = await freePort();
  // A server of root's wants this folder; that of another user does not look at it.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const lines = [
    `HostKey ${file("host_key")}`,
    `AuthorizedKeysFile ${file("user_key.pub")}`,
    `PidFile none`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    ...hosts.map(({ address }) => `ListenAddress ${address}:${port}`),
    ...hosts.flatMap(({ address, home, userHome, variables }) => [
      `Match LocalAddress ${address}`,
      `  SetEnv ${Object.entries({ HOME: userHome, XM_HOME: home.paths.home, ...variables })
        .map(([name, value]) => `${name}=${value}`)
        .join(" ")}`,
    ]),
  ];
  writeFileSync(file("config"), `${lines.join("\n")}\n`);
  for (const { userHome } of hosts) furnish(userHome, folder);
  const server = spawn(sshd, ["-D", "-e", "-f", file("config")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  server.stderr.on("data", (text) => (said += String(text)));
  onTestFinished(() => void server.kill());
  await until("sshd to listen", () => said.includes(`port ${port}`), { saw: () => said });
  return {
    user: userInfo().username,
    port,
    key: file("user_key"),
    ssh_options: [
      "StrictHostKeyChecking=no",
      `UserKnownHostsFile=${file("known")}`,
      "LogLevel=ERROR",
    ],
  };
}

/** A user's folder whose profile leaves Node out of PATH, as nvm does for everyone but people at a terminal. */
function furnish(userHome: string, folder: string): void {
  const bin = join(userHome, ".nvm/versions/node/v22.1.0/bin");
  const path = join(folder, "tools");
  for (const each of [bin, path]) mkdirSync(each, { recursive: true });
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  for (const tool of tools.split(" ")) {
    const found = folders.map((each) => join(each, tool)).find((each) => existsSync(each));
    if (found !== undefined && !existsSync(join(path, tool))) symlinkSync(found, join(path, tool));
  }
  symlinkSync(process.execPath, join(bin, "node"));
  writeFileSync(join(bin, "xm"), `#!/bin/sh\nexec node ${xmFile} "$@"\n`, { mode: 0o755 });
  for (const profile of [".profile", ".bash_profile", ".zprofile"])
    writeFileSync(join(userHome, profile), `PATH='${path}'\nexport PATH\n`);
}

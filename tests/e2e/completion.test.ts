import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { program } from "../support/programs.ts";
import { testHome, type TestHome, xmFile } from "../support/home.ts";
import { completionsIn, hasShell, type Shell } from "../support/shells.ts";

/** A home with two apps, and `xm` as a command that the shells find. */
async function homeWithApps(): Promise<TestHome> {
  const home = testHome();
  mkdirSync(`${home.folder}/bin`);
  home.file("bin/xm", `#!/bin/sh\nexec "${process.execPath}" "${xmFile}" "$@"\n`);
  for (const name of ["api", "apex$(touch expanded)"]) {
    await home.ok("start", program("stays.js"), "--name", name, "--namespace", "shop");
  }
  return home;
}

for (const shell of ["bash", "zsh", "fish"] as const satisfies Shell[]) {
  test.skipIf(!hasShell(shell))(
    `${shell} completes commands, flags, words and names of processes`,
    async () => {
      const home = await homeWithApps();
      const complete = (line: string): Promise<string[]> => completionsIn(home, shell, line);
      expect(await complete("xm resta")).toEqual(["restart"]);
      expect((await complete("xm profile:c")).map((word) => word.replace("profile:", ""))).toEqual([
        "cpu",
      ]);
      expect(await complete("xm start --name")).toEqual(["--name", "--namespace"]);
      expect(await complete("xm completion ")).toEqual(["bash", "fish", "zsh"]);
      const processes = await complete("xm describe ap");
      expect(processes).toHaveLength(2);
      expect(processes[1]).toBe("api");
      expect(await complete("xm --hp elsewhere resur")).toEqual(["resurrect"]);
      home.file("shop.config.js", "");
      expect(await complete("xm start sho")).toEqual(["shop", "shop.config.js"]);
      // The name of a process is a text and never a command.
      expect(await home.ok("completion", "--names")).toContain("apex$(touch expanded)\n");
      expect(existsSync(join(home.folder, "expanded"))).toBe(false);
    },
  );
}

test("the script is the one of the caller's shell, and no daemon is started for names", async () => {
  const home = testHome();
  const fish = await home.run(["completion"], { env: { SHELL: "/usr/bin/fish" } });
  expect(fish.stdout).toContain("complete -c xm");
  const { code, stderr } = await home.xm("completion", "tcsh");
  expect(code).toBe(1);
  expect(stderr).toContain("available are bash, zsh and fish");
  expect(await home.xm("completion", "--names")).toMatchObject({ code: 0, stdout: "", stderr: "" });
  expect((await home.xm("daemon", "status")).stderr).toContain("the daemon is not running");
});

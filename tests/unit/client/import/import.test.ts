import { expect, test } from "vitest";
import { loadEcosystem } from "../../../../runtime/client/config/load.ts";
import { normalizeApps } from "../../../../runtime/client/config/normalize.ts";
import { importFile, importText, writeEcosystem } from "../../../../runtime/client/import/index.ts";
import { homePaths } from "../../../../runtime/host/home/paths.ts";
import { testFolder } from "../../../support/folder.ts";
import { files } from "./files.ts";

test.each(Object.entries(files))("%s is imported, with what cannot be said", async (_, file) => {
  const { apps, notes, interpolates } = await importText(file.text, file.name);
  expect(apps).toEqual(file.apps);
  expect(notes).toEqual(file.notes);
  expect(interpolates).toBe(file.interpolates ?? false);
});

test.each(Object.entries(files))("%s: what is written is read without a fault or a warning", async (_, file) => {
  const { path, put } = testFolder();
  process.env["TOKEN"] = "t";
  const imported = await importFile(put(file.name, file.text));
  for (const name of ["ecosystem.config.yaml", "ecosystem.config.cjs"]) {
    const written = put(name, await writeEcosystem(imported, { name, from: file.name }));
    const { apps, warnings } = await loadEcosystem(written);
    const told: string[] = [];
    const caller = { PATH: process.env["PATH"] };
    // Programs, files and users of an example are not on this machine.
    const plain = apps.map(({ env_file: _files, uid: _uid, gid: _gid, cwd: _cwd, ...app }) => ({ ...app, script: "/bin/true" }));
    const specs = await normalizeApps(plain, { home: homePaths(path), base: path, caller, source: name, warn: (line) => void told.push(line) });
    expect(specs.map((spec) => spec.name)).toEqual(file.apps.map((app) => app["name"]));
    expect(told).toEqual([]);
    expect(warnings.filter((each) => !each.includes("is not set"))).toEqual([]);
  }
  delete process.env["TOKEN"];
}); // prettier-ignore

test("variables of a Compose file mean the same in YAML and in a program", async () => {
  const { put } = testFolder();
  const text = 'services:\n  a: { command: "run ${XM_A:-1} $XM_B $$x", environment: { C: "${XM_B:+set}", D: "${XM_NO-${XM_B}!}", E: "${XM_NO}" } }\n';
  const imported = await importFile(put("compose.yaml", text));
  process.env["XM_B"] = "b";
  for (const name of ["e.yaml", "e.config.cjs"]) {
    const { apps } = await loadEcosystem(put(name, await writeEcosystem(imported, { name, from: "compose.yaml" })));
    expect(apps[0]).toMatchObject({ script: "run", args: "1 b $x", env: { C: "set", D: "b!", E: "" } });
  }
  delete process.env["XM_B"];
  const needed = await importText('services:\n  a: { command: "run ${XM_NO:?say it}" }\n', "compose.yml");
  for (const name of ["n.yaml", "n.config.cjs"]) {
    const file = put(name, await writeEcosystem(needed, { name, from: "compose.yml" }));
    await expect(loadEcosystem(file)).rejects.toThrow("XM_NO is required: say it");
  }
}); // prettier-ignore

test("a file of no known form, without processes or broken is an error that names it", async () => {
  const { put } = testFolder();
  await expect(importFile(put("a.yaml", "apps: []\n"))).rejects.toMatchObject({ code: "ERR_USAGE" });
  await expect(importFile(put("b.yaml", "services: { db: { image: x } }\n"))).rejects.toThrow("services.db: has no command");
  await expect(importFile(put("c.yaml", "a: [\n"))).rejects.toMatchObject({ code: "ERR_CONFIG_UNREADABLE" });
  await expect(importFile("/nowhere/Procfile")).rejects.toMatchObject({ code: "ERR_CONFIG_UNREADABLE" });
  const bomb = ["a: &a [x, x]", ...Array.from({ length: 40 }, (_, i) => `b${i}: &b${i} [${Array(9).fill(i === 0 ? "*a" : `*b${i - 1}`).join(", ")}]`)].join("\n");
  await expect(importText(bomb, "d.yaml")).rejects.toThrow(/alias/);
}); // prettier-ignore

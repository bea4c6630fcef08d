import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { errnoOf } from "../../contract/errors.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** Where the version managers keep their Nodes: a folder of versions, and the program within each. */
const places = (env: Variables): readonly (readonly [folder: string, program: string])[] => {
  const home = env["HOME"] ?? homedir();
  const data = env["XDG_DATA_HOME"] ?? join(home, ".local/share");
  return [
    [join(env["NVM_DIR"] ?? join(home, ".nvm"), "versions/node"), "bin/node"],
    [join(env["FNM_DIR"] ?? join(data, "fnm"), "node-versions"), "installation/bin/node"],
    [join(env["VOLTA_HOME"] ?? join(home, ".volta"), "tools/image/node"), "bin/node"],
    [join(env["ASDF_DATA_DIR"] ?? join(home, ".asdf"), "installs/nodejs"), "bin/node"],
    [join(env["MISE_DATA_DIR"] ?? join(data, "mise"), "installs/node"), "bin/node"],
    [join(env["N_PREFIX"] ?? "/usr/local", "n/versions/node"), "bin/node"],
  ];
};

/**
 * The newest installed Node of a version or of the beginning of one (`22`, `22.4`, `v22.4.1`), as nvm, fnm, Volta,
 * asdf, mise or n have it, or the one that runs this call. Nothing is installed.
 */
export function findNodeVersion(wanted: string, env: Variables): string | undefined {
  const prefix = wanted.replace(/^v/, "").split(".");
  const found = places(env)
    .flatMap(([folder, program]) =>
      versionsIn(folder).map((name) => ({ name, path: join(folder, name, program) })),
    )
    .concat({ name: process.version, path: process.execPath })
    .map(({ name, path }) => ({ path, parts: name.replace(/^v/, "").split(".") }))
    .filter(({ parts }) => prefix.every((part, index) => part === parts[index]));
  return found.sort((a, b) => compare(b.parts, a.parts))[0]?.path;
}

function versionsIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^v?\d+\.\d+\.\d+$/.test(name));
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return [];
    throw error;
  }
}

function compare(a: readonly string[], b: readonly string[]): number {
  const index = a.findIndex((part, at) => part !== b[at]);
  return index < 0 ? 0 : Number(a[index]) - Number(b[index]);
}

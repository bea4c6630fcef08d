import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** The folder of the repository. */
export const root = join(import.meta.dirname, "../../..");

export interface Import {
  readonly file: string;
  readonly path: string;
  /** The rooms of both. */
  readonly from: string;
  readonly to: string;
}

/** Every import of a file of ours by another one, types and dynamic imports included; paths from the repository's folder. */
export function imports(): Import[] {
  return ["machines", "runtime", "cli"].flatMap(sources).flatMap((file) =>
    targets(file)
      .filter((target) => target.startsWith("."))
      .map((target) => {
        const path = relative(root, resolve(root, dirname(file), target));
        return { file, path, from: roomOf(file), to: roomOf(path) };
      }),
  );
}

/** A room is a folder of the ground, a program, or one of the three that are more than a folder. */
export function roomOf(path: string): string {
  const [first = "", second = "", third = ""] = path.split("/");
  if (first !== "runtime") return first;
  return second === "programs" ? `programs/${third}` : second;
}

export function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .toSorted()
    .map((name) => join(folder, name));
}

/** What a file imports, as it says it. */
export function targets(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  const found = text.matchAll(/(?:import|export)\s[^;"]*?from\s+"([^"]+)"|import\("([^"]+)"\)/g);
  return [...found].map(([, from, dynamic]) => from ?? dynamic ?? "");
}

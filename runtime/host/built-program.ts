import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * The file of one of our programs: beside the calling bundle, or in the package's `dist/bin` as seen from a built
 * module or from the source.
 * @param name the file's name, such as `god.cjs`
 */
export function builtProgram(name: string): string {
  const here = import.meta.dirname;
  const places = ["", "../../bin", "../../dist/bin"].map((folder) => join(here, folder, name));
  return places.find((place) => existsSync(place)) ?? join(here, name);
}

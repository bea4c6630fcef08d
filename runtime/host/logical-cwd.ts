import { statSync } from "node:fs";
import { isAbsolute, normalize } from "node:path";

/**
 * The working directory by the path that its user went there: `PWD`, when it is a path to that very folder (POSIX,
 * `pwd -L`). What is declared inside `current -> releases/42` then means what `current` points to, after the next
 * deployment as well.
 */
export function logicalCwd(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const physical = process.cwd();
  const logical = variables["PWD"];
  if (logical === undefined || !isAbsolute(logical) || normalize(logical) !== logical) {
    return physical;
  }
  const [here, there] = [physical, logical].map((path) =>
    statSync(path, { throwIfNoEntry: false }),
  );
  const isSame = here !== undefined && here.ino === there?.ino && here.dev === there.dev;
  return isSame ? logical : physical;
}

import { readdirSync } from "node:fs";
import { join, normalize, sep } from "node:path";
import { errnoOf } from "../../contract/errors.ts";

/**
 * A page that lists a folder, without dot files.
 * @param path of the request, with a slash at its end.
 * @returns `undefined` when it is not a folder below the root.
 */
export function listing(root: string, path: string): string | undefined {
  const below = decoded(path);
  if (below === undefined || below.split("/").some((part) => part.startsWith(".")))
    return undefined;
  const folder = normalize(join(root, below));
  if (folder !== root && !folder.startsWith(root === sep ? sep : `${root}${sep}`)) return undefined;
  try {
    const names = readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith("."))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort((a, b) => Number(b.endsWith("/")) - Number(a.endsWith("/")) || a.localeCompare(b));
    return page(below, names);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES"].includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}

function page(path: string, names: readonly string[]): string {
  const title = `Index of ${escaped(path)}`;
  const up = path === "/" ? [] : ['<li><a href="../">../</a></li>'];
  // `./`: a name with a colon is not a scheme.
  const items = names.map((name) => {
    const target = encodeURIComponent(name).replace(/%2F$/, "/");
    return `<li><a href="./${target}">${escaped(name)}</a></li>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<h1>${title}</h1>
<ul>
${[...up, ...items].join("\n")}
</ul>
</html>
`;
}

function decoded(path: string): string | undefined {
  try {
    const text = decodeURIComponent(path);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replaceAll(/[&<>"']/g, (letter) => entities[letter] ?? letter);
}

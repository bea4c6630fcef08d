import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generatedFiles } from "../../docs/generate/files.ts";

const root = join(import.meta.dirname, "../..");
const files = await generatedFiles();

test.each([...files.keys()])("%s is what `npm run docs` writes", (path) => {
  const file = join(root, path);
  expect(existsSync(file) ? readFileSync(file, "utf8") : "missing: run `npm run docs`").toBe(
    files.get(path),
  );
});

test("every link between the pages leads somewhere", () => {
  const pages = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => join("docs", name)),
  ];
  const dead = pages.flatMap((page) => {
    const text = readFileSync(join(root, page), "utf8");
    return [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)]
      .filter(([, target]) => !existsSync(join(root, page, "..", target ?? "")))
      .map(([, target]) => `${page}: ${target}`);
  });
  expect(dead).toEqual([]);
});

import { plain } from "../../runtime/contract/plain.ts";
import type { Link } from "../apps/cause-tree.ts";
import { paint } from "./colors.ts";
import { formatTime } from "./format.ts";

/** The chain in one line, and below it each link with its time and its reason. */
export function renderTree(tree: Link): string {
  const links = chainOf(tree);
  const last = links.at(-1);
  const root = last?.by ?? null;
  const names = links.map(({ name, what }) => `${paint("bold", plain(name))} ${what}`);
  const line = [...names, ...(root === null ? [] : [plain(root)])].join(paint("grey", " ← "));
  const rows = links.map(({ name, id, at, sentence }, depth) => {
    const time = paint("grey", formatTime(at));
    return `  ${indent(depth)}${plain(name)} (id ${id})  ${time}  ${plain(sentence)}`;
  });
  const leaf = root === null ? [] : [`  ${indent(links.length)}${plain(root)}`];
  return [line, "", ...rows, ...leaf].join("\n");
}

function chainOf(link: Link): Link[] {
  return link.cause === null ? [link] : [link, ...chainOf(link.cause)];
}

function indent(depth: number): string {
  return depth === 0 ? "" : paint("grey", `${"  ".repeat(depth - 1)}└ `);
}

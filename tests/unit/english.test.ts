import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

/** Words that a native technical writer would not use, and what to write instead. Tests and the changelog's past are not read. */
const forbidden: readonly [pattern: RegExp, instead: string][] = [
  [/\banew\b/i, '"again", or a verb with "re-": reopen, rewrite'],
  [/\bmend(s|ed|ing)?\b/i, '"fix" or "repair"'],
  [/\bunless told\b/i, '"default: X" or "by default"'],
  [/\bso (many|long)\b(?! as)/i, '"N", "this many", "this long"'],
  [/\b(is|are) told\b/i, '"is reported", "is sent", "receives"'],
  [/\b(say|says) so\b/i, 'what is reported, and where: "reports it", "is set"'],
  [/\bserves? on\b(?! (a|an|the|one|its|every|[\d:`]))/i, '"keeps serving"'],
  [/\bfor ever\b/i, '"forever", "indefinitely"'],
  [/\b(is|are) void\b/i, '"becomes invalid"'],
  [/\bbe it\b/i, '"whether … or …", "even"'],
  [/\bnobody but\b/i, '"only"'],
  [/\bany that is\b/i, '"a free one": name what is chosen'],
  [/\bin no time\b/i, '"immediately", "takes no time"'],
  [/\b(is|are|was|were|been) looked at\b/i, '"is checked", "is examined"'],
  [/\b(goes|runs?|lives?) on(?=[;)]|, and)/i, '"continues", "keeps running"'],
  [/\bunder way\b/i, '"in progress"'],
  [/\b(does|did|do) not come up\b|\bcame up\b/i, '"does not start", "started"'],
  [/\b(is|are) there (already|still)\b/i, '"already exists", "still exists"'],
  [/\b(left|stays?) as it is\b/i, '"is left unchanged"'],
  [/\btakes? (it|them) (back|away)\b/i, '"reverts", "removes"'],
  [/\bfor (yourself|itself) alone\b/i, '"only"'],
  [/\bcannot be had\b/i, 'what fails: "cannot be set", "is not available"'],
  [
    /\b(costs|of|from|by) who(ever)? \w+s\b/i,
    "name the person or program: the viewer, the caller, the reader",
  ],
  [/\bnot worth a thought\b|\b(nobody|no one) any more\b/i, "the fact itself"],
  [/\btells? who\b/i, 'name who receives it: "emits to its observers"'],
  [/\b(lest|thereby|whither|whence|hither)\b/i, "a plain conjunction"],
];

const files = execFileSync("git", ["ls-files", "machines", "runtime", "cli", "docs", "*.md"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => /\.(ts|tsx|md|mjs)$/.test(file) && !file.startsWith("CHANGELOG"));

test("what people read is plain English", () => {
  const faults = files.flatMap((file) =>
    readFileSync(join(root, file), "utf8")
      .split("\n")
      .flatMap((line, index) =>
        forbidden.flatMap(([pattern, instead]) => {
          const word = pattern.exec(line)?.[0];
          return word === undefined
            ? []
            : [`${file}:${index + 1}: "${word}"; write ${instead}: ${line.trim().slice(0, 120)}`];
        }),
      ),
  );
  expect(files.length).toBeGreaterThan(300);
  expect(faults).toEqual([]);
});

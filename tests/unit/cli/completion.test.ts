import { expect, test } from "vitest";
import { commands } from "../../../cli/commands/index.ts";
import { bashCompletion } from "../../../cli/completion/bash.ts";
import { fishCompletion } from "../../../cli/completion/fish.ts";
import { wordsOf } from "../../../cli/completion/words.ts";
import { zshCompletion } from "../../../cli/completion/zsh.ts";

const words = await wordsOf(commands);

test("the words of a command are its names, its flags with their aliases, and what can follow", () => {
  const of = (name: string) => words.find(({ names }) => names.includes(name));
  const flagsOf = (name: string) => of(name)?.flags.flatMap(({ names }) => names);
  expect(of("del")).toMatchObject({ names: ["delete", "del"], takesProcesses: true });
  expect(of("jlist")).toMatchObject({ values: [], takesProcesses: false, takesFiles: false });
  expect(of("daemon")?.values).toEqual(["restart", "status"]);
  expect(of("completion")?.values).toEqual(["bash", "zsh", "fish"]);
  expect(of("start")).toMatchObject({ takesProcesses: true, takesFiles: true });
  expect(flagsOf("start")).toEqual(
    expect.arrayContaining([
      "--name",
      "-n",
      "--no-autorestart",
      "--interpreter-args",
      "--node-args",
    ]),
  );
  expect(flagsOf("list")).toEqual(
    expect.arrayContaining(["--mini-list", "-m", "--sort", "--help", "--hp"]),
  );
});

test.each([
  ["bash", bashCompletion],
  ["zsh", zshCompletion],
  ["fish", fishCompletion],
])("the script for %s names every command and every flag", (shell, render) => {
  const script = render(words);
  for (const { names, flags } of words) {
    for (const name of names) {
      expect(script).toContain(shell === "zsh" ? name.replaceAll(":", "\\:") : name);
    }
    for (const name of flags.flatMap((flag) => flag.names)) {
      const spelled = name.startsWith("--") ? `-l ${name.slice(2)} ` : `-s ${name.slice(1)} `;
      expect(script).toContain(shell === "fish" ? spelled : name);
    }
  }
});

test("a description with quotes stays a text", () => {
  const tricky = [
    {
      names: ["it"],
      description: "it's $(touch /tmp/no) `no` \\",
      flags: [{ names: ["--flag"], description: "don't", takesValue: true }],
      values: [],
      takesProcesses: false,
      takesFiles: false,
    },
  ];
  expect(zshCompletion(tricky)).toContain(`'it:it'\\''s $(touch /tmp/no) \`no\` \\'`);
  expect(fishCompletion(tricky)).toContain(`-d 'it\\'s $(touch /tmp/no) \`no\` \\\\'`);
  expect(fishCompletion(tricky)).toContain(`-l flag -x -d 'don\\'t'`);
});

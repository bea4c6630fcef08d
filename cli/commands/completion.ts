import { plain } from "../../runtime/contract/plain.ts";
import { basename } from "node:path";
import { connect } from "../../runtime/client/connection/client.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { xmCommand } from "../call/command.ts";
import type { CommandEntry } from "../call/entry.ts";

/** @param commands all of them: what is completed */
export const completionOf = (commands: readonly CommandEntry[]) =>
  xmCommand({
    name: "completion",
    description: "Prints a shell completion script",
    args: {
      shell: {
        type: "positional",
        description: "`bash`, `zsh` or `fish`; default: $SHELL",
        required: false,
      },
      names: {
        type: "boolean",
        description: "Print process names (used by the completion scripts)",
      },
    },
    run: async ({ args }) => {
      if (args.names === true) return printNames();
      const shell = args._[0] ?? basename(process.env["SHELL"] ?? "");
      const { wordsOf } = await import("../completion/words.ts");
      const render = await rendererOf(shell);
      process.stdout.write(render(await wordsOf(commands)));
    },
  });

async function rendererOf(shell: string) {
  switch (shell) {
    case "bash":
      return (await import("../completion/bash.ts")).bashCompletion;
    case "zsh":
      return (await import("../completion/zsh.ts")).zshCompletion;
    case "fish":
      return (await import("../completion/fish.ts")).fishCompletion;
    default:
      throw xmError("ERR_USAGE", {
        what: `no completion for the shell "${shell}"`,
        fix: 'available are bash, zsh and fish: eval "$(xm completion bash)" in ~/.bashrc, source <(xm completion zsh) in ~/.zshrc, xm completion fish | source in config.fish',
      });
  }
}

/** Ids, names and namespaces, one per line. Without a daemon there are none, and none is started for it. */
async function printNames(): Promise<void> {
  const list = await connect({ autostart: false })
    .list()
    .catch(() => []);
  const words = list.flatMap(({ id, name, namespace }) => [String(id), name, namespace]);
  const lines = [...new Set(words)].filter((word) => plain(word) === word);
  process.stdout.write(lines.map((line) => `${line}\n`).join(""));
}

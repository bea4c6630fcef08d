import { connect } from "../../runtime/client/connection/client.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { dependencyArgs, fileArgs, xmCommand } from "../call/command.ts";
import { usualFile } from "../apps/read-apps.ts";
import { showListAfter } from "../render/show-list.ts";
import { rawAppFrom, startArgs } from "../apps/start-flags.ts";
import { startFile } from "../apps/start-file.ts";

const args = {
  file: { type: "positional", description: "ecosystem file, or `-` for stdin", required: false },
  ...startArgs,
  ...fileArgs,
  ...dependencyArgs,
} as const;

const startOr = (name: string, known: "restart" | "reload", description: string) =>
  xmCommand({
    name,
    description,
    args,
    run: async ({ args: given }) => {
      const { file, env: environment, only, profile } = given as Record<string, string | undefined>;
      const target = file ?? usualFile();
      if (target === undefined) {
        throw xmError("ERR_USAGE", {
          what: "no file named",
          fix: `for example \`xm ${name} ecosystem.config.js\``,
        });
      }
      const overrides = rawAppFrom(given);
      const ignoresDependencies = (given as Record<string, unknown>)["deps"] === false;
      const by = `\`xm ${name}\``;
      await startFile(target, {
        environment,
        only,
        profile,
        overrides,
        known,
        by,
        ignoresDependencies,
      });
      await showListAfter(connect());
    },
  });

export const startOrRestart = startOr(
  "startOrRestart",
  "restart",
  "Starts the missing apps of an ecosystem file and restarts the others",
);

export const startOrReload = startOr(
  "startOrReload",
  "reload",
  "Starts the missing apps of an ecosystem file and reloads the others",
);

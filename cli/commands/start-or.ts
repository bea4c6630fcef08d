import { xmCommand } from "../command.ts";
import { startFile } from "../start-file.ts";
import { xmError } from "../../runtime/errors.ts";

const fileArgs = {
  file: { type: "positional", description: "ecosystem file, or `-` for stdin", required: false },
  env: { type: "string", description: "Layer env_NAME of the file over env", valueHint: "NAME" },
  only: {
    type: "string",
    description: "Only these apps of the file, with commas",
    valueHint: "NAMES",
  },
} as const;

const startOr = (name: string, known: "restart" | "reload", description: string) =>
  xmCommand({
    name,
    description,
    args: fileArgs,
    run: ({ args: { file, env: environment, only } }) => {
      if (file === undefined) {
        throw xmError("ERR_USAGE", {
          what: "no file named",
          fix: `for example \`xm ${name} ecosystem.config.js\``,
        });
      }
      return startFile(file, { environment, only, known });
    },
  });

export const startOrRestart = startOr(
  "startOrRestart",
  "restart",
  "Starts what is missing of an ecosystem file and restarts the rest",
);

export const startOrReload = startOr(
  "startOrReload",
  "reload",
  "Starts what is missing of an ecosystem file and reloads the rest",
);

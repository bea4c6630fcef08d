import { isLoopback } from "../../runtime/client/loopback.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { resolveHome } from "../../runtime/host/home/paths.ts";
import { prepareHome } from "../../runtime/host/home/prepare.ts";
import { xmCommand } from "../call/command.ts";
import { readAddress, untilInterrupted } from "../call/listening.ts";

const example = "127.0.0.1:9610";

export default xmCommand({
  name: "api",
  description:
    "Serves the HTTP API on a TCP port until Ctrl-C, with tokens for reading and control",
  args: {
    listen: {
      type: "string",
      description: `address to listen on (default: ${example})`,
      valueHint: "HOST:PORT",
    },
    token: {
      type: "string",
      description: "print the token that may `read`, or the one that may also `control`, and exit",
      valueHint: "RIGHTS",
    },
    "new-tokens": {
      type: "boolean",
      description: "replace both tokens and exit; the old ones stop working at once",
    },
  },
  run: async ({ args }) => {
    const { newTokens, readTokens, serveApiOverTcp, tokensFile } =
      await import("../../runtime/client/api-server/index.ts");
    const { home, socket } = prepareHome(resolveHome(process.env));
    if (args["new-tokens"] === true) {
      newTokens(home);
      process.stdout.write(`new tokens are in ${tokensFile(home)}\n`);
      if (args.token === undefined) return;
    }
    if (args.token !== undefined) {
      if (args.token !== "read" && args.token !== "control") {
        const what = `--token: expected read or control, got "${args.token}"`;
        throw xmError("ERR_USAGE", { what, fix: "for example `xm api --token read`" });
      }
      process.stdout.write(`${readTokens(home)[args.token]}\n`);
      return;
    }
    const { host, port } = readAddress(args.listen ?? example, example);
    // A fault in the file is found now, not with the first request.
    readTokens(home);
    const tokens = (): ReturnType<typeof readTokens> => readTokens(home);
    const server = await serveApiOverTcp({ host, port, socket, home, tokens });
    if (!isLoopback(host)) {
      process.stderr.write(
        "xm: tokens and answers are not encrypted: put a proxy with TLS in front, or listen on 127.0.0.1\n",
      );
    }
    await untilInterrupted(
      server,
      (at) => `the API on http://${at}/v1, described on http://${at}/\n`,
    );
  },
});

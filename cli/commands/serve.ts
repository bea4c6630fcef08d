import { statSync } from "node:fs";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { connect } from "../../runtime/client/connection/client.ts";
import { serverName, serversIn } from "../../runtime/client/config/serve.ts";
import { errnoOf, messageOf, xmError } from "../../runtime/contract/errors.ts";
import { logicalCwd } from "../../runtime/host/logical-cwd.ts";
import { xmCommand } from "../call/command.ts";
import { globals } from "../call/globals.ts";
import { tellOutcomes } from "../render/outcomes.ts";
import { readScript } from "../apps/read-apps.ts";
import { showListAfter } from "../render/show-list.ts";
import { rawAppFrom, startArgs } from "../apps/start-flags.ts";

/** What the server is given by flags. */
interface ServerFlags {
  readonly port: string;
  readonly host: string;
  readonly spa: boolean;
  readonly ftp: boolean;
  readonly login: { readonly username: string; readonly password: string } | undefined;
}

const { port: _port, ext: _ext, interpreter: _interpreter, ...appArgs } = startArgs;

export default xmCommand({
  name: "serve",
  description: "Serves a folder as a managed process on 127.0.0.1",
  args: {
    folder: { type: "positional", description: "default: this folder", required: false },
    at: { type: "positional", description: "port; default: 8080", required: false },
    port: { type: "string", description: "The port", valueHint: "PORT" },
    host: {
      type: "string",
      description: "Address to listen on; default: 127.0.0.1, use 0.0.0.0 for everyone",
      valueHint: "ADDRESS",
    },
    ftp: { type: "boolean", description: "List folders without index.html" },
    spa: { type: "boolean", description: "Serve index.html for unknown paths" },
    "basic-auth-username": { type: "string", description: "Login name", valueHint: "NAME" },
    "basic-auth-password": {
      type: "string",
      description:
        "Login password; $PM2_SERVE_BASIC_AUTH_PASSWORD keeps it out of the process list",
      valueHint: "PASSWORD",
    },
    monitor: { type: "boolean", description: "Accepted for compatibility; no effect" },
    force: { type: "boolean", alias: "f", description: "Start another one with the same name" },
    ...appArgs,
  },
  run: async ({ args }) => {
    // The words of a call can be read by other users, and one of these is a password.
    process.title = "xm serve";
    const given = args as Readonly<Record<string, unknown>> & { _: string[] };
    const [path = ".", at, ...others] = given._;
    if (others.length > 0) {
      throw wrong(
        `expected a folder and a port, got ${given._.length} words`,
        "xm serve dist 8080",
      );
    }
    const folder = resolve(logicalCwd(), path);
    checkFolder(folder);
    const flags = flagsFrom(given, at);
    const fields = rawAppFrom(given);
    const [server] = serversIn(
      [
        {
          cwd: folder,
          ...fields,
          path: folder,
          port: flags.port,
          host: flags.host,
          spa: flags.spa,
          ftp: flags.ftp,
          ...(flags.login === undefined ? {} : { basic_auth: flags.login }),
        },
      ],
      "the command line",
    );
    const apps = await readScript(server ?? {}, {});
    const client = connect();
    const name = apps[0]?.name ?? serverName(flags.port);
    const known = given["force"] === true ? "copy" : "refuse";
    const own = (await client.list()).find((each) => each.name === name);
    if (known === "refuse" && own?.pid) {
      throw xmError("ERR_USAGE", {
        what: `port ${flags.port}: ${name} (${own.id}) runs already`,
        fix: `\`xm restart ${name}\`, or another port or --name; --force starts a second one`,
      });
    }
    if (own === undefined) await checkPort(flags);
    const outcomes = client.declare({ apps, known, by: "`xm serve`" });
    await tellOutcomes({ outcomes, expected: apps[0]?.instances, doing: "starting" });
    if (globals.isSilent) return;
    if (!process.exitCode) process.stdout.write(placeLine(folder, name, flags));
    await showListAfter(client);
  },
});

function flagsFrom(given: Readonly<Record<string, unknown>>, at: string | undefined): ServerFlags {
  const said = (name: string): string | undefined => given[name] as string | undefined;
  const port = said("port") ?? at ?? "8080";
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw wrong(`port: expected a number up to 65535, got "${port}"`, "xm serve dist 8080");
  }
  const username = said("basic-auth-username");
  const password =
    said("basic-auth-password") ??
    (username === undefined ? undefined : process.env["PM2_SERVE_BASIC_AUTH_PASSWORD"]);
  const isLogin = Boolean(username) && Boolean(password);
  if (!isLogin && (username ?? password) !== undefined) {
    const missing = username ? "--basic-auth-password" : "--basic-auth-username";
    throw wrong(
      `${missing}: expected together with the other one, got nothing`,
      "xm serve dist --basic-auth-username me --basic-auth-password secret",
    );
  }
  return {
    port,
    host: said("host") || process.env["PM2_SERVE_HOST"] || "127.0.0.1",
    spa: given["spa"] === true,
    ftp: given["ftp"] === true,
    login: isLogin ? { username: username ?? "", password: password ?? "" } : undefined,
  };
}

function checkFolder(folder: string): void {
  let why: string | undefined;
  try {
    if (!statSync(folder).isDirectory()) why = `${folder} is not a folder`;
  } catch (error) {
    why =
      errnoOf(error) === "ENOENT"
        ? `the folder ${folder} does not exist`
        : `${folder}: ${messageOf(error)}`;
  }
  if (why !== undefined) throw wrong(why, "xm serve dist 8080");
}

/** A port in use is reported at once instead of by a server that crashes again and again. */
async function checkPort({ host, port }: ServerFlags): Promise<void> {
  const server = createServer();
  const fault = await new Promise<Error | undefined>((done) => {
    server.once("error", done);
    server.listen(Number(port), host, () => done(undefined));
  });
  if (fault === undefined) {
    await new Promise((closed) => server.close(closed));
    return;
  }
  const what = {
    EADDRINUSE: `port ${port}: another program listens on ${host}:${port}`,
    EACCES: `port ${port}: this user may not listen on it`,
    EADDRNOTAVAIL: `--host: this machine has no address ${host}`,
    ENOTFOUND: `--host: this machine has no address ${host}`,
  }[errnoOf(fault) ?? ""];
  throw wrong(what ?? messageOf(fault), `xm serve dist ${Number(port) + 1}`);
}

function placeLine(folder: string, name: string, { host, port }: ServerFlags): string {
  const place = host.includes(":") ? `[${host}]` : host;
  const isOwn = /^(127\.|::1$|localhost$)/.test(host);
  const others = isOwn ? " (this machine only; --host 0.0.0.0 serves others)" : "";
  return `${name} serves ${folder} on http://${place}:${port}${others}\n`;
}

function wrong(what: string, example: string): Error {
  return xmError("ERR_USAGE", { what, fix: `for example \`${example}\`` });
}

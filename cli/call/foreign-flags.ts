import { nearest } from "../../runtime/client/targets/nearest.ts";
import { xmError } from "../../runtime/contract/errors.ts";

/** What PM2's flags are for, and what serves the same end here: without them something else would be done than was asked. */
const otherwise: readonly { flags: readonly string[]; subject: string; fix: string }[] = [
  {
    flags: ["container", "docker", "dockerdaemon", "dist", "fresh", "image-name", "node-version"],
    subject: "building images",
    fix: "docs/examples/ has Dockerfiles whose command is `xm-runtime`; docs/how-to/run-in-a-container.md describes them",
  },
  {
    flags: ["monitor", "info-node"],
    subject: "its cloud service",
    fix: "omit it: every app is measured; `xm metrics` exports the figures to your own monitoring system",
  },
  {
    flags: ["install", "npm", "tarball", "v1", "install-all"],
    subject: "modules and dependencies",
    fix: "run `npm ci` first, or `xm start npm -- start`",
  },
];

/** Flags of one command that PM2 takes with every one, and what would be thought done if they were left out. */
const ofServe: readonly string[] = ["basic-auth-username", "basic-auth-password", "spa", "ftp"];

/** PM2 takes these with every command; whether a value follows. */
const accepted: Readonly<Record<string, "alone" | "value">> = {
  daemon: "alone",
  d: "alone",
  discrete: "alone",
  force: "alone",
  f: "alone",
  write: "alone",
  w: "alone",
  tree: "alone",
  t: "alone",
  "update-env": "alone",
  a: "alone",
  "execute-command": "alone",
  x: "alone",
  watch: "alone",
  "wait-ip": "alone",
  format: "alone",
  raw: "alone",
  json: "alone",
  safe: "value",
  env: "value",
  only: "value",
  name: "value",
  n: "value",
  namespace: "value",
  instances: "value",
  i: "value",
  user: "value",
  u: "value",
  cwd: "value",
  lines: "value",
  port: "value",
  highlight: "value",
};

/**
 * A flag that a command has no use for.
 * @returns whether a value may follow it.
 * @throws `ERR_USAGE` with the nearest flag, or with the word that it is not there yet.
 */
export function foreignFlag(
  word: string,
  { name, known }: { name: string; known: readonly string[] },
): "alone" | "value" {
  const other = otherwise.find(({ flags }) => flags.includes(name));
  if (other !== undefined) {
    const what = `${word} is PM2's for ${other.subject}, which works differently here`;
    throw xmError("ERR_USAGE", { what, fix: other.fix });
  }
  if (ofServe.includes(name)) {
    const what = `${word} is a flag of \`xm serve\``;
    throw xmError("ERR_USAGE", { what, fix: "for example `xm serve dist 8080 --spa`" });
  }
  const found = accepted[name];
  if (found !== undefined) return found;
  const near = nearest(name, known);
  const fix =
    near !== undefined
      ? `did you mean "${near.length === 1 ? "-" : "--"}${near}"?`
      : known.length === 0
        ? "it takes no flags"
        : "`--help` after the command lists its flags";
  throw xmError("ERR_USAGE", { what: `no such flag: ${word}`, fix });
}

import { nearest } from "../../runtime/client/targets/nearest.ts";
import { xmError } from "../../runtime/contract/errors.ts";

/** PM2's flags for what Ex Machina does not do yet: to go on without them would do something else than was asked. */
const later: Readonly<Record<string, string>> = {
  container: "containers",
  docker: "containers",
  dockerdaemon: "containers",
  dist: "containers",
  fresh: "containers",
  "image-name": "containers",
  "node-version": "containers",
  monitor: "remote monitoring",
  "info-node": "remote monitoring",
  install: "modules",
  npm: "modules",
  tarball: "modules",
  v1: "modules",
  "install-all": "modules",
};

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
  const subject = later[name];
  if (subject !== undefined) {
    throw xmError("ERR_USAGE", {
      what: `${word} is PM2's for ${subject}, which Ex Machina does not do yet`,
      fix: "leave it out, or keep PM2 for that",
    });
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
        ? "it takes none"
        : "`--help` after the command lists those it takes";
  throw xmError("ERR_USAGE", { what: `no such flag: ${word}`, fix });
}

import { plain } from "../../contract/plain.ts";
import { shellCommand, type Imported, type NewApp } from "./imported.ts";

/** Foreman gives the first process this port, and each further one the next hundred. */
const firstPort = 5000;

/** A Procfile, with what foreman does for it: a `.env` beside it, and a PORT for each process. */
export function fromProcfile(text: string): Imported {
  const apps: NewApp[] = [];
  const notes: string[] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, name, command = ""] = /^([A-Za-z0-9_-]+)\s*:\s*(\S.*)$/.exec(line) ?? [];
    if (name === undefined) {
      notes.push(`line ${index + 1}: is no "name: command": ${plain(line)}`);
      continue;
    }
    const shared = {
      name,
      ...shellCommand(command),
      env_file: [{ path: ".env", required: false }],
    };
    // A platform runs it once before each release.
    if (name === "release") apps.push({ ...shared, type: "oneshot", autostart: false });
    else apps.push({ ...shared, env: { PORT: firstPort + 100 * apps.filter(isService).length } });
  }
  return { apps, notes, interpolates: false };
}

const isService = (app: NewApp): boolean => app["type"] === undefined;

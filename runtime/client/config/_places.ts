import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { isFile } from "../../host/node.ts";
import type { ReadApp } from "./read-fields.ts";
import { servedFolder } from "./serve.ts";
import { absolute, expandHome, text } from "./values.ts";

/** Where relative paths begin. */
interface Folders {
  readonly base: string;
  readonly fileFolder?: string | undefined;
}

/** A file is often called from the root of its project, and as often from anywhere. */
export function baseOf(app: ReadApp, { base, fileFolder }: Folders): string {
  if (fileFolder === undefined) return base;
  const path = text(app, "cwd") ?? servedFolder(app) ?? scriptOf(app);
  const isOnlyBesideFile =
    !existsSync(absolute(path, base)) && existsSync(absolute(path, fileFolder));
  return isOnlyBesideFile ? fileFolder : base;
}

/** PM2: spaces around it are not part of it. */
const scriptOf = (app: ReadApp): string => expandHome(String(app["script"]).trim());

/** Folders of an app. */
export interface Places {
  readonly base: string;
  readonly cwd: string;
}

/** PM2: what a file declares and is not in the working folder is looked for where that folder is declared. */
export function scriptBeside(app: ReadApp, { base, cwd }: Places, isOfFile: boolean): string {
  const script = scriptOf(app);
  if (!isOfFile) return script;
  const outside = resolve(base, script);
  return !existsSync(resolve(cwd, script)) && isFile(outside) ? outside : script;
}

/** Where the paths of an `env_file` begin: at the ecosystem file, then at the app's own folder. */
export function envFileFolders(app: ReadApp, context: Folders): string[] {
  const base = baseOf(app, context);
  return [context.fileFolder ?? context.base, absolute(text(app, "cwd") ?? base, base)];
}

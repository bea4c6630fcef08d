import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type { AppSpec } from "../../machines/spec.ts";
import { normalizeApps } from "../../runtime/client/config/index.ts";
import { changeSettings } from "../../runtime/client/config/settings-file.ts";
import { isGroup, type Settings } from "../../runtime/client/config/settings.ts";
import { errnoOf, xmError } from "../../runtime/contract/errors.ts";
import { isFile } from "../../runtime/host/node.ts";
import { homePaths, resolveHome } from "../../runtime/host/home/paths.ts";
import { contextOf } from "../apps/read-apps.ts";
import type { Manifest } from "./store.ts";

/** Modules are a group of their own. */
export const moduleNamespace = "modules";

/** More settings of one module are not written. */
const mostSettings = 500;

/** The app that runs a module, in PM2's way: `apps`, else `bin`, else `main` of its package.json. */
export async function appOfModule(manifest: Manifest): Promise<AppSpec> {
  const { name, root, fields } = manifest;
  takeDefaults(name, fields["config"]);
  const declared = firstOf(fields["apps"]);
  const own = isGroup(declared) ? declared : {};
  const script = typeof own["script"] === "string" ? own["script"] : mainOf(manifest);
  const [spec] = await normalizeApps(
    [
      {
        ...own,
        name,
        namespace: moduleNamespace,
        script,
        cwd: typeof own["cwd"] === "string" ? resolve(root, own["cwd"]) : root,
      },
    ],
    { ...contextOf(`package.json of ${name}`), base: root },
  );
  if (spec === undefined) throw new Error("can't happen: one app makes one specification");
  return { ...spec, passthrough: { ...spec.passthrough, pmx_module: true } };
}

/** Its `config` are settings until somebody sets others: PM2's users see and change them by `xm set`. */
function takeDefaults(name: string, config: unknown): void {
  if (!isGroup(config)) return;
  const given = Object.entries(config)
    .slice(0, mostSettings)
    .map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]);
  changeSettings(homePaths(resolveHome(process.env)).settings, (all) => {
    const own = Object.hasOwn(all, name) && isGroup(all[name]) ? all[name] : {};
    return { ...all, [name]: { ...(Object.fromEntries(given) as Settings), ...own } };
  });
}

const firstOf = (value: unknown): unknown => (Array.isArray(value) ? (value[0] as unknown) : value);

function mainOf({ name, root, fields }: Manifest): string {
  const { bin } = fields;
  const program = typeof bin === "string" ? bin : isGroup(bin) ? Object.values(bin)[0] : undefined;
  if (typeof program === "string" && isFile(join(root, program))) return join(root, program);
  try {
    return createRequire(join(root, "package.json")).resolve(root);
  } catch (error) {
    if (errnoOf(error) !== "MODULE_NOT_FOUND") throw error;
    throw xmError("ERR_MODULE_INVALID", {
      source: name,
      why: "its package.json names no program that exists: neither `apps`, `bin` nor `main`",
      fix: "it may be a library: `xm install` is for programs that run all the time",
    });
  }
}

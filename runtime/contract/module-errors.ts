import { define } from "./error-entry.ts";

/** Failures about modules. */
export const moduleErrors = {
  ERR_MODULE_NOT_INSTALLED: define(
    "not-found",
    (p: { name: string; names: readonly string[] }) => ({
      what: `no module "${p.name}" is installed`,
      fix:
        p.names.length === 0
          ? "`xm install NAME` installs one"
          : `these are: ${p.names.join(", ")}`,
    }),
  ),
  ERR_MODULE_INVALID: define("invalid", (p: { source: string; why: string; fix: string }) => ({
    what: `${p.source} is not a module that can be run`,
    why: p.why,
    fix: p.fix,
  })),
  ERR_MODULE_NOT_FETCHED: define("failed", (p: { source: string; why: string }) => ({
    what: `npm could not install ${p.source}`,
    why: p.why,
    fix: "see npm's messages above; the installed version, if there is one, keeps running",
  })),
  ERR_MODULE_NOT_STARTED: define(
    "failed",
    (p: { name: string; why: string; kept: string | null; wasRemoved: boolean }) => ({
      what: `the module ${p.name} does not stay up`,
      why: p.why,
      fix:
        p.kept !== null
          ? `version ${p.kept} runs again; \`xm logs ${p.name}\` has the output of both`
          : p.wasRemoved
            ? "it was removed again; install it without --safe to examine it"
            : `\`xm why ${p.name}\` and \`xm logs ${p.name}\` tell more; \`xm uninstall ${p.name}\` removes it`,
    }),
  ),
} as const;

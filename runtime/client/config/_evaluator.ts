/**
 * What runs in the worker that evaluates a configuration program: a text, since the worker must start from the
 * bundle, from the modules and from the sources alike. It answers with JSON, so that nothing but data crosses:
 * functions and symbols become texts that no field takes, and accessors are read here, under the time limit.
 */
export const evaluator = String.raw`
const { parentPort, workerData } = require("node:worker_threads");
const { createRequire, registerHooks } = require("node:module");
const { pathToFileURL } = require("node:url");
const { file, tsx } = workerData;

const isTypeScript = /\.[cm]?ts$/.test(file);

const isModuleSyntax = (error) =>
  error != null &&
  (error.code === "ERR_REQUIRE_ESM" ||
    error.code === "ERR_REQUIRE_ASYNC_MODULE" ||
    (error instanceof SyntaxError &&
      /import statement|Unexpected token 'export'|import\.meta|await is only valid/.test(error.message)));
const defaultOf = (module) =>
  typeof module === "object" && module !== null && "default" in module ? module.default : module;

async function load() {
  const url = pathToFileURL(file).href;
  if (tsx !== null) {
    const { tsImport } = await import(tsx);
    return defaultOf(defaultOf(await tsImport(url, url)));
  }
  try {
    return defaultOf(createRequire(file)(file));
  } catch (error) {
    if (!isModuleSyntax(error)) throw error;
    // Its package may say "type": "commonjs", as npm writes it; the file itself has shown what it is.
    registerHooks?.({
      load: (at, context, next) =>
        next(at, at === url ? { ...context, format: isTypeScript ? "module-typescript" : "module" } : context),
    });
    return defaultOf(await import(url));
  }
}

const asData = (_, value) =>
  value instanceof RegExp
    ? { regexp: value.source, flags: value.flags }
    : typeof value === "function" || typeof value === "symbol" || typeof value === "bigint"
    ? "[" + typeof value + "]"
    : value;

load()
  .then((value) => parentPort.postMessage({ json: JSON.stringify(value, asData) ?? "null" }))
  .catch((error) =>
    parentPort.postMessage({ why: error instanceof Error ? error.message || error.name : String(error) }),
  );
`;

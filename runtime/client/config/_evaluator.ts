/**
 * What runs in the worker that evaluates a configuration program: a text, since the worker must start from the
 * bundle, from the modules and from the sources alike. It answers with JSON, so that nothing but data crosses, and
 * accessors are read here, under the time limit. What JSON has no form for crosses as a marker (`odd-values.ts`).
 * Beside the value it gives back what the program did to `process.env`.
 */
export const evaluator = String.raw`
const { parentPort, workerData } = require("node:worker_threads");
const { readFileSync } = require("node:fs");
const { createRequire, registerHooks } = require("node:module");
const { dirname } = require("node:path");
const { fileURLToPath, pathToFileURL } = require("node:url");
const vm = require("node:vm");
const { file, tsx, expression, oddMark } = workerData;

// A worker that is a text has these as globals, where a configuration that is a module would find them.
for (const name of ["require", "module", "exports", "__filename", "__dirname"]) delete globalThis[name];

const isTypeScript = /\.[cm]?ts$/.test(file);
const variables = { ...process.env };

const isModuleSyntax = (error) =>
  error != null &&
  (error.code === "ERR_REQUIRE_ESM" ||
    error.code === "ERR_REQUIRE_ASYNC_MODULE" ||
    (error instanceof SyntaxError &&
      /import statement|Unexpected token 'export'|import\.meta|await is only valid/.test(error.message)));
const isCommonJs = (error) =>
  error instanceof ReferenceError && /^(?:module|exports|require|__dirname|__filename) is not defined/.test(error.message);
const defaultOf = (module) =>
  typeof module === "object" && module !== null && "default" in module ? module.default : module;

async function load() {
  if (expression !== null) return vm.runInThisContext("(" + expression + "\n)", { filename: file, columnOffset: -1 });
  const url = pathToFileURL(file).href;
  if (tsx !== null) {
    const { tsImport } = await import(tsx);
    return defaultOf(defaultOf(await tsImport(url, url)));
  }
  try {
    return defaultOf(createRequire(file)(file));
  } catch (error) {
    if (isCommonJs(error)) return asCommonJs();
    if (!isModuleSyntax(error)) throw error;
    // Its package may say "type": "commonjs", as npm writes it; the file itself has shown what it is.
    registerHooks?.({
      load: (at, context, next) =>
        next(at, at === url ? { ...context, format: isTypeScript ? "module-typescript" : "module" } : context),
    });
    try {
      return defaultOf(await import(url));
    } catch (error) {
      if (isCommonJs(error) && !isTypeScript) return asCommonJs();
      throw error;
    }
  }
}

// "module.exports" in a package of "type": "module": the file itself has shown what it is.
function asCommonJs() {
  const module = { exports: {}, filename: file, id: file };
  const names = ["exports", "require", "module", "__filename", "__dirname"];
  vm.compileFunction(readFileSync(file, "utf8"), names, { filename: file }).call(
    module.exports, module.exports, createRequire(file), module, file, dirname(file));
  return defaultOf(module.exports);
}

const asData = (_, value) =>
  typeof value === "function" || typeof value === "symbol" || typeof value === "bigint"
    ? oddMark + typeof value
    : Object.prototype.toString.call(value) === "[object RegExp]"
      ? { regexp: value.source, flags: value.flags }
      : value;

function changedVariables() {
  const changed = {};
  for (const name of new Set([...Object.keys(variables), ...Object.keys(process.env)])) {
    if (variables[name] !== process.env[name]) changed[name] = process.env[name] ?? null;
  }
  return changed;
}

// The place in a file of its user's, with the line: what Node prints of an error that nobody catches.
function frameOf(error) {
  const stack = String(error.stack ?? "");
  const syntax = /^((?:file:\/\/)?\/[^\n]*:\d+)\n([\s\S]*?)\n\n/.exec(stack);
  if (syntax !== null) return (syntax[1].startsWith("file:") ? decodeURI(syntax[1].slice(7)) : syntax[1]) + "\n" + syntax[2];
  for (const line of stack.split("\n")) {
    const place = /(?:\(|at |async )((?:file:\/\/)?\/[^()]*?):(\d+):(\d+)\)?$/.exec(line);
    if (place === null || /[\\/]node_modules[\\/]/.test(place[1])) continue;
    const path = place[1].startsWith("file:") ? fileURLToPath(place[1]) : place[1];
    try {
      const text = expression !== null && path === file ? expression : readFileSync(path, "utf8");
      const code = text.split("\n")[place[2] - 1];
      if (code === undefined) continue;
      return path + ":" + place[2] + "\n" + code + "\n" + " ".repeat(Math.max(0, place[3] - 1)) + "^";
    } catch {
      // A frame without a file: evaluated code.
    }
  }
  return "";
}

const why = (error) => {
  if (error === null || typeof error !== "object" || typeof error.message !== "string") return String(error);
  const kind = error.name && error.name !== "Error" && !error.message.startsWith(error.name) ? error.name + ": " : "";
  const message = kind + (error.message || error.name);
  const frame = frameOf(error);
  return frame === "" ? message : message + "\n" + frame;
};

load()
  .then((value) =>
    parentPort.postMessage({ json: JSON.stringify(value, asData) ?? "null", variables: changedVariables() }),
  )
  .catch((error) => parentPort.postMessage({ why: why(error) }));
`;

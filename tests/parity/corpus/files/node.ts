import { ecosystem, shape, type Shape } from "../shape.ts";

/** One program of Node, as most repositories have it. */
export const node: readonly Shape[] = [
  ecosystem(
    "an Express API",
    `{ apps: [{ name: "api", script: "./server.js", env: { NODE_ENV: "development", PORT: 3000 }, env_production: { NODE_ENV: "production", PORT: 8080 } }] }`,
    ["server.js"],
    { flags: ["--env", "production"] },
  ),
  ecosystem(
    "an Express API without --env",
    `{ apps: [{ name: "api", script: "./server.js", env: { NODE_ENV: "development", PORT: 3000 }, env_production: { NODE_ENV: "production", PORT: 8080 } }] }`,
    ["server.js"],
  ),
  ecosystem(
    "the template of pm2 init",
    `{
  apps: [{ script: "index.js", watch: "." }, { script: "./service-worker/", watch: ["./service-worker"] }],
  deploy: { production: { user: "SSH_USERNAME", host: "SSH_HOSTMACHINE", ref: "origin/master", repo: "GIT_REPOSITORY", path: "DESTINATION_PATH", "pre-deploy-local": "", "post-deploy": "npm install && pm2 reload ecosystem.config.js --env production", "pre-setup": "" } },
}`,
    ["index.js", "service-worker/index.js"],
    { isWatched: true },
  ),
  ecosystem(
    "every processor",
    `{ apps: [{ name: "web", script: "dist/main.js", instances: "max", exec_mode: "cluster", max_memory_restart: "512M" }] }`,
    ["dist/main.js"],
  ),
  ecosystem(
    "two of a cluster with merged logs",
    `{ apps: [{ name: "web", script: "app.js", instances: 2, exec_mode: "cluster", merge_logs: true, out_file: "./logs/out.log", error_file: "./logs/error.log", log_date_format: "YYYY-MM-DD HH:mm Z" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "a cluster of one",
    `{ apps: [{ name: "web", script: "app.js", instances: 1, exec_mode: "cluster" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "a cluster whose count is a text",
    `{ apps: [{ name: "web", script: "app.js", instances: "2", exec_mode: "cluster" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "one less than the processors",
    `{ apps: [{ name: "web", script: "app.js", instances: -1, exec_mode: "cluster" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "fork_mode with several",
    `{ apps: [{ name: "worker", script: "worker.js", instances: 2, exec_mode: "fork_mode" }] }`,
    ["worker.js"],
  ),
  ecosystem(
    "instances without a mode",
    `{ apps: [{ name: "worker", script: "worker.js", instances: 2 }] }`,
    ["worker.js"],
  ),
  ecosystem(
    "camelCase",
    `{ apps: [{ name: "web", script: "app.js", execMode: "fork", maxMemoryRestart: "300M", killTimeout: 3000, ignoreWatch: ["logs"], nodeArgs: "--no-warnings", maxRestarts: 5, minUptime: 2000, restartDelay: 100, autoRestart: true }] }`,
    ["app.js"],
  ),
  ecosystem(
    "camelCase of logs",
    `{ apps: [{ name: "web", script: "app.js", outFile: "logs/out.log", errorFile: "logs/err.log", logDateFormat: "HH:mm", mergeLogs: true }] }`,
    ["app.js"],
  ),
  ecosystem(
    "camelCase of arguments",
    `{ apps: [{ name: "web", script: "app.js", scriptArgs: "--port 3000", interpreterArgs: "--no-warnings" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "node_args as a text",
    `{ apps: [{ name: "web", script: "app.js", node_args: "--max-old-space-size=256 --no-warnings" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "node_args as a list",
    `{ apps: [{ name: "web", script: "app.js", node_args: ["--max-old-space-size=256", "--no-warnings"] }] }`,
    ["app.js"],
  ),
  ecosystem(
    "interpreter_args beside node_args",
    `{ apps: [{ name: "web", script: "app.js", node_args: "--no-warnings", interpreter_args: "--trace-warnings" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "preloading dotenv",
    `{ apps: [{ name: "web", script: "app.js", node_args: "-r ./env.cjs" }] }`,
    ["app.js"],
    { files: { "env.cjs": "process.env.FROM_PRELOAD = '1';" } },
  ),
  ecosystem(
    "arguments as a text",
    `{ apps: [{ name: "web", script: "app.js", args: "--port 3000 --host '0.0.0.0' --title \\"a b\\"" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "arguments as a list",
    `{ apps: [{ name: "web", script: "app.js", args: ["start", "-p", 3000, "--flag=a b"] }] }`,
    ["app.js"],
  ),
  ecosystem(
    "arguments with a space by a backslash",
    `{ apps: [{ name: "web", script: "app.js", args: "path\\\\ with\\\\ space next" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "ES modules",
    `{ apps: [{ name: "web", script: "src/index.mjs", interpreter: "node" }] }`,
    ["tells.js"],
    {
      files: {
        "src/index.mjs": `import { createRequire } from "node:module"; createRequire(import.meta.url)("../tells.js");`,
      },
    },
  ),
  ecosystem(
    "a package of type module",
    `{ apps: [{ name: "web", script: "app.cjs" }] }`,
    ["app.cjs"],
    { files: { "package.json": `{"name":"x","version":"1.0.0","type":"module"}` } },
  ),
  shape(
    "a package of type module, with .cjs",
    "ecosystem.config.cjs",
    `module.exports = { apps: [{ name: "web", script: "app.cjs" }] };`,
    ["app.cjs"],
    { files: { "package.json": `{"name":"x","version":"1.0.0","type":"module"}` } },
  ),
  ecosystem(
    "an absolute working folder",
    `{ apps: [{ name: "web", script: "app.js", cwd: __dirname + "/server" }] }`,
    ["server/app.js"],
  ),
  ecosystem(
    "a relative working folder",
    `{ apps: [{ name: "web", script: "app.js", cwd: "./server" }] }`,
    ["server/app.js"],
  ),
  ecosystem(
    "a working folder by path.join",
    `(() => { const path = require("path"); return { apps: [{ name: "web", cwd: path.join(__dirname, "packages", "web"), script: path.join("dist", "index.js") }] }; })()`,
    ["packages/web/dist/index.js"],
  ),
  ecosystem(
    "a script without its extension",
    `{ apps: [{ name: "web", script: "./bin/www" }] }`,
    ["tells.js"],
    { files: { "bin/www": `#!/usr/bin/env node\nrequire("../tells.js");` } },
  ),
  ecosystem("a folder as script", `{ apps: [{ name: "web", script: "./" }] }`, ["index.js"], {
    files: { "package.json": `{"name":"x","version":"1.0.0","main":"index.js"}` },
  }),
  ecosystem("no name", `{ apps: [{ script: "src/worker.js" }] }`, ["src/worker.js"]),
  ecosystem("a name with a space", `{ apps: [{ name: "My App", script: "app.js" }] }`, ["app.js"]),
  ecosystem("a scoped name", `{ apps: [{ name: "@acme/api", script: "app.js" }] }`, ["app.js"]),
  ecosystem(
    "a name of package.json",
    `{ apps: [{ name: require("./package.json").name, script: "app.js" }] }`,
    ["app.js"],
    { files: { "package.json": `{"name":"from-package","version":"1.2.3"}` } },
  ),
  ecosystem(
    "a bare array",
    `[{ name: "one", script: "one.js" }, { name: "two", script: "two.js" }]`,
    ["one.js", "two.js"],
  ),
  ecosystem("a single object", `{ name: "one", script: "one.js" }`, ["one.js"]),
  ecosystem(
    "apps that share their name",
    `{ apps: [{ name: "web", script: "one.js", namespace: "a" }, { name: "web", script: "two.js", namespace: "b" }] }`,
    ["one.js", "two.js"],
  ),
  ecosystem(
    "namespaces",
    `{ apps: [{ name: "api", namespace: "back", script: "one.js" }, { name: "ui", namespace: "front", script: "two.js" }] }`,
    ["one.js", "two.js"],
  ),
  ecosystem(
    "wait_ready",
    `{ apps: [{ name: "web", script: "app.js", wait_ready: true, listen_timeout: 10000, kill_timeout: 5000 }] }`,
    ["app.js"],
  ),
  ecosystem(
    "everything at once",
    `{ apps: [{ name: "web", script: "app.js", instances: 1, autorestart: true, watch: false, max_memory_restart: "1G", exec_mode: "fork", max_restarts: 10, min_uptime: "10s", restart_delay: 4000, exp_backoff_restart_delay: 100, kill_timeout: 1600, time: true, source_map_support: true, instance_var: "INSTANCE_ID", treekill: true, vizion: false, pmx: false, automation: false, force: false }] }`,
    ["app.js"],
  ),
  ecosystem(
    "autorestart off",
    `{ apps: [{ name: "migrate", script: "migrate.js", autorestart: false }] }`,
    ["migrate.js"],
  ),
  ecosystem(
    "not started at once",
    `{ apps: [{ name: "job", script: "job.js", autostart: false }] }`,
    ["job.js"],
  ),
  ecosystem(
    "stop_exit_codes",
    `{ apps: [{ name: "job", script: "job.js", stop_exit_codes: [0, 143] }] }`,
    ["job.js"],
  ),
  ecosystem(
    "source maps off",
    `{ apps: [{ name: "web", script: "dist/app.js", disable_source_map_support: true }] }`,
    ["dist/app.js"],
    { files: { "dist/app.js.map": "{}" } },
  ),
  ecosystem(
    "increment_var",
    `{ apps: [{ name: "web", script: "app.js", instances: 2, exec_mode: "fork", increment_var: "PORT", env: { PORT: 3000 } }] }`,
    ["app.js"],
  ),
  ecosystem(
    "instance_var",
    `{ apps: [{ name: "web", script: "app.js", instances: 2, exec_mode: "cluster", instance_var: "INSTANCE_ID" }] }`,
    ["app.js"],
  ),
  ecosystem("port as a field", `{ apps: [{ name: "web", script: "app.js", port: 3000 }] }`, [
    "app.js",
  ]),
  ecosystem(
    "port beside PORT of env",
    `{ apps: [{ name: "web", script: "app.js", port: 3000, env: { PORT: 4000 } }] }`,
    ["app.js"],
  ),
  ecosystem(
    "append_env_to_name",
    `{ apps: [{ name: "web", script: "app.js", append_env_to_name: true, env_staging: { A: "1" } }] }`,
    ["app.js"],
    { flags: ["--env", "staging"] },
  ),
  ecosystem(
    "execute_command",
    `{ apps: [{ name: "web", script: "app.js", execute_command: true, instances: 2 }] }`,
    ["app.js"],
  ),
  ecosystem("exec as the script", `{ apps: [{ name: "web", exec: "app.js" }] }`, ["app.js"]),
  ecosystem("cmd as the script", `{ apps: [{ name: "web", cmd: "app.js" }] }`, ["app.js"]),
];

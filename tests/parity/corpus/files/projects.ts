import { ecosystem, shape, type Shape } from "../shape.ts";

/** Whole projects as they are deployed: generators' layouts, tools in front, paths by hand. */
export const projects: readonly Shape[] = [
  ecosystem(
    "bin/www of Express's generator",
    `{ apps: [{ name: "site", script: "./bin/www", instances: 2, exec_mode: "cluster", env: { NODE_ENV: "production" } }] }`,
    ["www.js"],
    { files: { "bin/www": `#!/usr/bin/env node\nrequire("../www.js");\n` } },
  ),
  ecosystem(
    "node as the script, as a cluster",
    `{ apps: [{ name: "api", cwd: "./apps/api", script: "node", args: "dist/main.js --port 3001", instances: 1, exec_mode: "cluster", error_file: "./logs/api-err.log", out_file: "./logs/api-out.log", log_file: "./logs/api-combined.log", time: true }] }`,
    ["apps/api/dist/main.js"],
  ),
  ecosystem(
    "node as the script, in fork mode",
    `{ apps: [{ name: "bot", script: "node", args: ["--enable-source-maps", "dist/bot.js"], env: { NODE_ENV: "production" } }] }`,
    ["dist/bot.js"],
  ),
  ecosystem(
    "a command line of node",
    `{ apps: [{ name: "bot", script: "node --no-warnings dist/bot.js --shard 0" }] }`,
    ["dist/bot.js"],
  ),
  ecosystem(
    "nodemon by a command line",
    `{ apps: [{ name: "backend", script: "nodemon ./server.js", instances: 1, autorestart: true, watch: false, max_memory_restart: "1G" }] }`,
    ["server.js"],
  ),
  ecosystem(
    "npm run by a command line, with logs in a dot folder",
    `{ apps: [{ name: "pack", cwd: "./", script: "npm run start:prod", watch: false, autorestart: false, ignore_watch: ["node_modules", ".cache"], log_date_format: "YYYY-MM-DD HH:mm:ss", error_file: "./.cache/logs/pack-error.log", out_file: "./.cache/logs/pack-out.log", max_memory_restart: "4G", env: { NODE_ENV: "development" }, env_production: { NODE_ENV: "production" } }] }`,
    [],
    { flags: ["--env", "production"] },
  ),
  ecosystem(
    "logs below ~",
    `{ apps: [{ name: "app", script: "app.js", error_file: "~/.pm2/logs/app-error.log", out_file: "~/.pm2/logs/app-out.log", merge_logs: true }] }`,
    ["app.js"],
  ),
  ecosystem(
    "a name that is not set",
    `{ apps: [{ name: process.env.APP_NAME, script: "src/index.js", env: { PORT: process.env.APP_PORT, MODE: undefined } }] }`,
    ["src/index.js"],
  ),
  ecosystem(
    "arguments of both kinds",
    `{ apps: [{ name: "api", script: "./api/index.js", cwd: "./api", args: "-a first -b second", interpreter_args: "--max-http-header-size=16384" }] }`,
    ["api/index.js"],
  ),
  ecosystem(
    "a script beside its working folder",
    `{ apps: [{ name: "api", script: "index.js", cwd: "./api" }, { name: "web", script: "./web/server.js", cwd: "./web" }] }`,
    ["api/index.js", "web/server.js"],
  ),
  ecosystem(
    "names by a colon",
    `{ apps: [{ name: "cron:boot", script: "dist/cron/boot.js", autorestart: false, time: true }, { name: "cron:mail", script: "dist/cron/mail.js", autorestart: false, cron_restart: "0 */6 * * *" }] }`,
    ["dist/cron/boot.js", "dist/cron/mail.js"],
  ),
  ecosystem(
    "a queue of several in fork mode with their logs",
    `{ apps: [{ name: "queue", script: "dist/queue.js", instances: 3, exec_mode: "fork", out_file: "logs/out.log", error_file: "logs/error.log", pid_file: "run/queue.pid" }] }`,
    ["dist/queue.js"],
  ),
  ecosystem(
    "a cluster with logs and a pid file",
    `{ apps: [{ name: "web", script: "dist/main.js", instances: 2, exec_mode: "cluster", out_file: "logs/out.log", error_file: "logs/error.log", log_file: "logs/combined.log", pid_file: "run/web.pid" }] }`,
    ["dist/main.js"],
  ),
  ecosystem(
    "a flow of npm with its folder",
    `{ apps: [{ name: "frontend", cwd: "./frontend", script: "npm", args: "run preview -- --host --port 4173", interpreter: "none", env: { NODE_ENV: "production" } }, { name: "backend", cwd: "./backend", script: "npm", args: ["run", "start"], env: { PORT: 5000 } }] }`,
    ["frontend/", "backend/"],
  ),
  ecosystem(
    "bash -c with a command of the shell",
    `{ apps: [{ name: "site", script: "bash", args: ["-c", "exec ./serve.sh 3000"], interpreter: "none" }] }`,
    ["serve.sh"],
  ),
  ecosystem(
    "sh with a text of arguments",
    `{ apps: [{ name: "site", script: "/bin/sh", args: "./serve.sh --port 3000" }] }`,
    ["serve.sh"],
  ),
  ecosystem(
    "a start script that can be executed",
    `{ apps: [{ name: "site", script: "./scripts/start.sh", args: "production 4", max_restarts: 3, kill_timeout: 10000 }] }`,
    ["scripts/start.sh"],
  ),
  ecosystem(
    "Python by a command line",
    `{ apps: [{ name: "scraper", script: "python3 scraper.py --loop", cwd: "./scraper" }] }`,
    ["scraper/scraper.py"],
  ),
  ecosystem(
    "Python with its flags",
    `{ apps: [{ name: "bot", script: "bot.py", interpreter: "python3", interpreter_args: "-u -X dev", args: ["--config", "config.toml"], env: { PYTHONPATH: "./src" } }] }`,
    ["bot.py"],
  ),
  ecosystem(
    "uvicorn with python3 as a text",
    `{ apps: [{ name: "api", script: "uvicorn", args: "main:app --host 127.0.0.1 --port 8000 --workers 1", interpreter: "python3", cwd: "./backend" }] }`,
    ["backend/"],
  ),
  ecosystem(
    "a Node of its own for each",
    `{ apps: [{ name: "old", script: "old.js", interpreter: process.execPath, interpreter_args: ["--no-deprecation"] }, { name: "new", script: "new.mjs", interpreter: "node", node_args: "--enable-source-maps --no-warnings" }] }`,
    ["old.js", "new.cjs"],
    { files: { "new.mjs": `import "./new.cjs";\n` } },
  ),
  ecosystem(
    "environments of three stages",
    `{ apps: [{ name: "api", script: "dist/app.js", env: { NODE_ENV: "development", LOG_LEVEL: "debug", FEATURE: true, NOTHING: null }, env_staging: { NODE_ENV: "staging", LOG_LEVEL: "info" }, env_production: { NODE_ENV: "production", LOG_LEVEL: "warn", FEATURE: false } }] }`,
    ["dist/app.js"],
    { flags: ["--env", "staging"] },
  ),
  ecosystem(
    "an app of several by --only",
    `{ apps: [{ name: "api", script: "api.js" }, { name: "worker", script: "worker.js", instances: 2 }, { name: "web", script: "web.js" }] }`,
    ["api.js", "worker.js", "web.js"],
    { flags: ["--only", "api,worker"] },
  ),
  shape(
    "an old processes.json with a text of arguments",
    "processes.json",
    JSON.stringify(
      {
        apps: [
          {
            name: "worker",
            script: "./worker.js",
            args: "['--toto=heya coco', '-d', '1']",
            log_date_format: "YYYY-MM-DD HH:mm Z",
            ignoreWatch: ["[\\/\\\\]\\./", "node_modules"],
            watch: false,
            node_args: "--harmony",
            merge_logs: true,
            cwd: ".",
          },
        ],
      },
      null,
      2,
    ),
    ["worker.js"],
  ),
  shape(
    "pm2.config.js of a function of its own",
    "pm2.config.js",
    `const base = { instances: 1, autorestart: true, max_memory_restart: "300M", time: true };
const service = (name, port, more = {}) => ({ ...base, name, script: \`services/\${name}/index.js\`, env: { PORT: String(port) }, ...more });
module.exports.apps = [service("users", 4001), service("orders", 4002, { instances: 2, exec_mode: "cluster" }), process.env.WITH_MAIL && service("mail", 4003)].filter(Boolean);
`,
    ["services/users/index.js", "services/orders/index.js", "services/mail/index.js"],
  ),
  shape(
    "a file in a folder with paths of its own",
    "deploy/ecosystem.config.cjs",
    `const path = require("path");
const root = path.resolve(__dirname, "..");
module.exports = { apps: [{ name: "app", cwd: root, script: path.join(root, "dist", "index.js"), out_file: path.join(root, "logs", "out.log"), error_file: path.join(root, "logs", "error.log") }] };
`,
    ["dist/index.js"],
  ),
  shape(
    "a file in a folder with relative paths",
    "config/pm2.json",
    `{ "apps": [{ "name": "app", "script": "./dist/index.js", "cwd": "./", "out_file": "./logs/out.log", "error_file": "./logs/error.log" }] }`,
    ["dist/index.js"],
  ),
  shape(
    "YAML of several with their environments",
    "ecosystem.yaml",
    `apps:
  - name: worker
    script: ./dist/worker.js
    args: --concurrency 4
    node_args: ["--max-old-space-size=512"]
    cron_restart: "0 3 * * *"
  - name: api
    script: ./dist/api.js
    instances: 2
    exec_mode: cluster
    kill_timeout: 5000
    env:
      NODE_ENV: development
      DEBUG: "app:*"
    env_production:
      NODE_ENV: production
`,
    ["dist/api.js", "dist/worker.js"],
    { flags: ["--env", "production"] },
  ),
  ecosystem(
    "ts-node by node_args",
    `{ apps: [{ name: "api", script: "src/main.js", node_args: "-r ./register.js", watch: false, env: { TS_NODE_PROJECT: "tsconfig.json" } }] }`,
    ["src/main.js"],
    { files: { "register.js": `globalThis.registered = true;\n`, "tsconfig.json": "{}" } },
  ),
  ecosystem(
    "a number for everything",
    `{ apps: [{ name: "3000", script: "app.js", args: "--port 8080", instances: 1, max_memory_restart: 314572800, restart_delay: "1500", max_restarts: "5", kill_timeout: "3000" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "one object with its deploy",
    `{ name: "solo", script: "index.js", env: { NODE_ENV: "production" }, error_file: "logs/error.log", out_file: "logs/output.log", log_type: "json" }`,
    ["index.js"],
  ),
  ecosystem(
    "a user's home by os",
    `{ apps: [{ name: "home", script: "index.js", cwd: require("path").join(require("os").homedir(), "site"), env: { CPUS: require("os").cpus().length > 0 } }] }`,
    ["user/site/index.js"],
  ),
  ecosystem(
    "yarn in a workspace as a cluster",
    `{ apps: [{ name: "web", script: "yarn", args: "workspace web start", instances: 2, exec_mode: "cluster", wait_ready: true, listen_timeout: 10000, shutdown_with_message: true }] }`,
    [],
  ),
  ecosystem(
    "a command line with a variable in front",
    `{ apps: [{ name: "web", script: "NODE_ENV=production node app.js" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "npx with a package",
    `{ apps: [{ name: "static", script: "npx", args: ["serve", "-s", "build", "-l", "3000"], interpreter: "none" }, { name: "tunnel", script: "npx", args: "localtunnel --port 3000", exec_mode: "fork_mode" }] }`,
    [],
  ),
];

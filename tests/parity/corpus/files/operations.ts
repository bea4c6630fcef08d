import { ecosystem, type Shape } from "../shape.ts";

/** Monorepos, logs, watching, schedules. */
export const operations: readonly Shape[] = [
  ecosystem(
    "a monorepo",
    `{ apps: [{ name: "api", cwd: "./apps/api", script: "dist/index.js" }, { name: "web", cwd: "./apps/web", script: "npm", args: "start" }, { name: "worker", cwd: "./apps/worker", script: "dist/index.js", instances: 2 }] }`,
    ["apps/api/dist/index.js", "apps/web/", "apps/worker/dist/index.js"],
  ),
  ecosystem(
    "a monorepo with paths",
    `{ apps: [{ name: "api", script: "./packages/api/dist/index.js", watch: ["packages/api/dist"] }, { name: "web", script: "./packages/web/server.js" }] }`,
    ["packages/api/dist/index.js", "packages/web/server.js"],
  ),
  ecosystem(
    "services by a table",
    `{ apps: ["auth", "mail", "search"].map((name, index) => ({ name, script: "services/" + name + "/index.js", env: { PORT: 4000 + index } })) }`,
    ["services/auth/index.js", "services/mail/index.js", "services/search/index.js"],
  ),
  ecosystem(
    "web and worker of one script",
    `{ apps: [{ name: "web", script: "app.js", args: "web" }, { name: "worker", script: "app.js", args: "worker", instances: 2 }] }`,
    ["app.js"],
  ),
  ecosystem(
    "a watched folder with options",
    `{ apps: [{ name: "web", script: "app.js", watch: true, ignore_watch: ["node_modules", "logs", ".git"], watch_options: { followSymlinks: false, usePolling: false } }] }`,
    ["app.js"],
    { isWatched: true },
  ),
  ecosystem(
    "a watched folder that is not there",
    `{ apps: [{ name: "web", script: "app.js", watch: ["src", "lib/missing"] }] }`,
    ["app.js", "src/"],
  ),
  ecosystem(
    "ignore_watch as a text",
    `{ apps: [{ name: "web", script: "app.js", watch: false, ignore_watch: "logs node_modules" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "ignore_watch with a regular expression",
    `{ apps: [{ name: "web", script: "app.js", watch: true, ignore_watch: [/\\.log$/, "public"] }] }`,
    ["app.js"],
    { isWatched: true },
  ),
  ecosystem(
    "a nightly restart",
    `{ apps: [{ name: "web", script: "app.js", cron_restart: "0 3 * * *" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "a job every five minutes",
    `{ apps: [{ name: "job", script: "job.js", cron_restart: "*/5 * * * *", autorestart: false }] }`,
    ["job.js"],
  ),
  ecosystem(
    "cron with a start and a step",
    `{ apps: [{ name: "job", script: "job.js", cron_restart: "0/6 * * * *", autorestart: false }] }`,
    ["job.js"],
  ),
  ecosystem(
    "cron with a question mark",
    `{ apps: [{ name: "job", script: "job.js", cron_restart: "0 4 ? * *" }] }`,
    ["job.js"],
  ),
  ecosystem(
    "cron with day of month and of week",
    `{ apps: [{ name: "job", script: "job.js", cron_restart: "0 0 1 * 1" }] }`,
    ["job.js"],
  ),
  ecosystem(
    "cron with seconds",
    `{ apps: [{ name: "job", script: "job.js", cron: "0 30 2 * * *" }] }`,
    ["job.js"],
  ),
  ecosystem("cron as 0", `{ apps: [{ name: "job", script: "job.js", cron_restart: 0 }] }`, [
    "job.js",
  ]),
  ecosystem(
    "logs in a folder",
    `{ apps: [{ name: "web", script: "app.js", out_file: "./logs/out.log", error_file: "./logs/err.log", time: true }] }`,
    ["app.js"],
  ),
  ecosystem(
    "logs of a cluster",
    `{ apps: [{ name: "web", script: "app.js", instances: 2, exec_mode: "cluster", out_file: "./logs/out.log", error_file: "./logs/err.log" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "one log for both",
    `{ apps: [{ name: "web", script: "app.js", log_file: "./logs/combined.log", out_file: "/dev/null", error_file: "/dev/null" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "log aliases",
    `{ apps: [{ name: "web", script: "app.js", output: "./logs/out.log", error: "./logs/err.log", log: "./logs/all.log" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "combine_logs and a date",
    `{ apps: [{ name: "web", script: "app.js", instances: 2, combine_logs: true, log_date_format: "YYYY-MM-DD HH:mm:ss Z" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "json logs",
    `{ apps: [{ name: "web", script: "app.js", log_type: "json", out_file: "web.json" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "time beside log_date_format",
    `{ apps: [{ name: "web", script: "app.js", time: true, log_date_format: "HH:mm" }] }`,
    ["app.js"],
  ),
  ecosystem("no logs", `{ apps: [{ name: "web", script: "app.js", disable_logs: true }] }`, [
    "app.js",
  ]),
  ecosystem(
    "logs in the home folder",
    `{ apps: [{ name: "web", script: "app.js", out_file: "~/logs/web.log", error_file: "~/logs/web-err.log" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "a pid file",
    `{ apps: [{ name: "web", script: "app.js", pid_file: "./run/web.pid" }] }`,
    ["app.js"],
  ),
  ecosystem("a pid", `{ apps: [{ name: "web", script: "app.js", pid: "./run/web" }] }`, ["app.js"]),
  ecosystem(
    "memory in every form",
    `{ apps: [{ name: "a", script: "app.js", max_memory_restart: "300M" }, { name: "b", script: "app.js", max_memory_restart: 314572800 }, { name: "c", script: "app.js", max_memory_restart: "1G" }, { name: "d", script: "app.js", max_memory_restart: "500K" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "times in every form",
    `{ apps: [{ name: "a", script: "app.js", min_uptime: "60s", kill_timeout: 30000, listen_timeout: 8000, restart_delay: 1000 }, { name: "b", script: "app.js", min_uptime: 5000, kill_timeout: "10000", restart_delay: "3000" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "restarts bounded",
    `{ apps: [{ name: "web", script: "app.js", max_restarts: 3, exp_backoff_restart_delay: 200 }] }`,
    ["app.js"],
  ),
  ecosystem(
    "a script that is not there among others",
    `{ apps: [{ name: "web", script: "app.js" }, { name: "gone", script: "gone.js" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "a script that is not there",
    `{ apps: [{ name: "gone", script: "dist/gone.js" }] }`,
    [],
  ),
  ecosystem(
    "shutdown_with_message",
    `{ apps: [{ name: "web", script: "app.js", shutdown_with_message: true, kill_timeout: 200 }] }`,
    ["app.js"],
  ),
  ecosystem(
    "only some of them",
    `{ apps: [{ name: "web", script: "app.js" }, { name: "job", script: "job.js" }] }`,
    ["app.js", "job.js"],
    { flags: ["--only", "web"] },
  ),
  ecosystem(
    "a user",
    `{ apps: [{ name: "web", script: "app.js", uid: process.getuid(), gid: process.getgid() }] }`,
    ["app.js"],
  ),
  ecosystem("name_prefix", `{ apps: [{ name: "web", name_prefix: "acme-", script: "app.js" }] }`, [
    "app.js",
  ]),
  ecosystem(
    "post_update and versioning",
    `{ apps: [{ name: "web", script: "app.js", post_update: ["npm install", "npm run build"], vizion: true, version: "1.0.0" }] }`,
    ["app.js"],
  ),
];

import { ecosystem, shape, type Shape } from "../shape.ts";

/** The forms that files have: YAML, JSON that is not quite JSON, modules, standard input. */
export const forms: readonly Shape[] = [
  shape(
    "process.json",
    "process.json",
    `{\n  "apps": [\n    {\n      "name": "web",\n      "script": "app.js",\n      "instances": "2",\n      "exec_mode": "cluster",\n      "env": { "NODE_ENV": "production" }\n    }\n  ]\n}\n`,
    ["app.js"],
  ),
  shape(
    "JSON with comments",
    "pm2.json",
    `{\n  // the site\n  "apps": [{ "name": "web", "script": "app.js", /* soon */ }],\n}\n`,
    ["app.js"],
  ),
  shape(
    "JSON with unquoted keys",
    "pm2.json",
    `{ apps: [{ name: 'web', script: 'app.js', max_memory_restart: '200M' }] }`,
    ["app.js"],
  ),
  shape(
    "JSON with expressions",
    "pm2.json",
    `{ apps: [{ name: "web" + "-1", script: "app.js", restart_delay: 5 * 1000, args: ["a", "b"].join(" ") }] }`,
    ["app.js"],
  ),
  shape(
    "JSON that reads the environment",
    "pm2.json",
    `{ "apps": [{ "name": "web", "script": "app.js", "env": { "HOME_OF": process.env.HOME ? "set" : "unset" } }] }`,
    ["app.js"],
  ),
  shape(
    "JSON with a byte order mark",
    "pm2.json",
    `\uFEFF{ "apps": [{ "name": "web", "script": "app.js" }] }`,
    ["app.js"],
  ),
  shape("JSON on standard input", "-", `{"apps":[{"name":"web","script":"app.js"}]}`, ["app.js"], {
    isInput: true,
  }),
  shape(
    "loose JSON on standard input",
    "-",
    `{ apps: [{ name: "web", script: "app.js", restart_delay: 2 * 500 }] }`,
    ["app.js"],
    { isInput: true },
  ),
  shape(
    "a bare array of JSON",
    "apps.json",
    `[{ "name": "web", "script": "app.js" }, { "name": "job", "script": "job.js" }]`,
    ["app.js", "job.js"],
  ),
  shape(
    "pm2.config.js",
    "pm2.config.js",
    `module.exports = { apps: [{ name: "web", script: "app.js" }] };`,
    ["app.js"],
  ),
  shape("a key pm2", "pm2.json", `{ "pm2": [{ "name": "web", "script": "app.js" }] }`, ["app.js"]),
  shape(
    "YAML",
    "ecosystem.yml",
    `apps:\n  - name: web\n    script: ./app.js\n    instances: 2\n    exec_mode: cluster\n    env:\n      NODE_ENV: production\n      PORT: 3000\n`,
    ["app.js"],
  ),
  shape(
    "YAML with anchors and merge keys",
    "ecosystem.config.yml",
    `base: &base\n  script: app.js\n  max_memory_restart: 200M\n  env: &env\n    NODE_ENV: production\napps:\n  - <<: *base\n    name: one\n  - <<: *base\n    name: two\n    env:\n      <<: *env\n      PORT: 3001\n`,
    ["app.js"],
  ),
  shape(
    "YAML with lists and blocks",
    "process.yaml",
    `apps:\n  - name: worker\n    script: worker.js\n    args:\n      - --queue\n      - mail\n    watch:\n      - lib\n    ignore_watch:\n      - node_modules\n    kill_timeout: 3000\n`,
    ["worker.js", "lib/"],
  ),
  shape(
    "YAML as a bare list",
    "apps.yml",
    `- name: web\n  script: app.js\n- name: job\n  script: job.js\n`,
    ["app.js", "job.js"],
  ),
  shape(
    "YAML with words that are booleans",
    "apps.yaml",
    `apps:\n  - name: web\n    script: app.js\n    autorestart: yes\n    watch: no\n    env:\n      ON: on\n      VERSION: 1.10\n      BIG: 012\n      DAY: 2024-01-01\n`,
    ["app.js"],
    { isWatched: true },
  ),
  shape(
    "an ES module as .cjs's neighbour",
    "ecosystem.config.cjs",
    `const apps = []; apps.push({ name: "web", script: "./app.js" }); module.exports = { apps };`,
    ["app.js"],
  ),
  ecosystem(
    "exports of a function's result",
    `((count) => ({ apps: Array.from({ length: count }, (_, index) => ({ name: "worker-" + index, script: "worker.js", args: String(index) })) }))(3)`,
    ["worker.js"],
  ),
  ecosystem(
    "a list with holes",
    `{ apps: [{ name: "web", script: "app.js" }, process.env.WITH_JOB && { name: "job", script: "job.js" }, undefined, null].filter(Boolean) }`,
    ["app.js", "job.js"],
  ),
  ecosystem(
    "apps in other files",
    `{ apps: [require("./a.json"), ...require("./b.js").apps] }`,
    ["a.js", "b/main.js"],
    {
      files: {
        "a.json": `{"name":"a","script":"a.js"}`,
        "b.js": `module.exports = { apps: [{ name: "b", script: "b/main.js" }] };`,
      },
    },
  ),
  ecosystem("exports.apps", `exports; exports.apps = [{ name: "web", script: "app.js" }]`, [
    "app.js",
  ]),
  ecosystem(
    "an old file with error_file and out_file",
    `{ "apps": [{ "name": "web", "cwd": __dirname, "script": "app.js", "args": [], "error_file": "logs/web-err.log", "out_file": "logs/web-out.log", "pid_file": "pids/web.pid", "exec_mode": "fork", "ignore_watch": ["node_modules"], "watch": "false", "merge_logs": "true", "autorestart": "true", "instances": "1", "max_restarts": "10", "min_uptime": "5s", "cron_restart": "" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "fields of other tools",
    `{ apps: [{ name: "web", script: "app.js", description: "the site", url: "https://example.org", enabled: true, log: "logs/all.log", onStop: () => {} }] }`,
    ["app.js"],
  ),
  ecosystem(
    "typos",
    `{ apps: [{ name: "web", script: "app.js", instance: 2, excec_mode: "cluster", max_memory: "1G", environment: { A: 1 } }] }`,
    ["app.js"],
  ),
  ecosystem(
    "empty texts",
    `{ apps: [{ name: "web", script: "app.js", namespace: "", args: "", node_args: "", cron_restart: "", out_file: "", cwd: "", log_date_format: "" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "nulls",
    `{ apps: [{ name: "web", script: "app.js", args: null, node_args: null, cwd: null, instances: null, exec_mode: null, watch: null, cron_restart: null, max_memory_restart: null }] }`,
    ["app.js"],
  ),
  ecosystem(
    "an alias beside its canonical name",
    `{ apps: [{ name: "web", script: "app.js", exec_interpreter: "node", interpreter: "none", out_file: "a.log", output: "b.log", error_file: "c.log", error: "d.log" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "deploy beside apps",
    `{ apps: [{ name: "web", script: "app.js" }], deploy: { production: { user: "node", host: "212.83.163.1", ref: "origin/master", repo: "git@github.com:repo.git", path: "/var/www/production", "post-deploy": "npm install && pm2 startOrRestart ecosystem.config.js --env production" } } }`,
    ["app.js"],
  ),
  ecosystem(
    "a type annotation",
    `/** @type {import("pm2").StartOptions} */ ({ apps: [{ name: "web", script: "app.js" }] })`,
    ["app.js"],
  ),
];

import { ecosystem, type Shape } from "../shape.ts";

/** Variables and settings by environment. */
export const environment: readonly Shape[] = [
  ecosystem(
    "a .env read by the file",
    `(() => { require("./dotenv.js").config(); return { apps: [{ name: "web", script: "app.js" }] }; })()`,
    ["app.js"],
    {
      files: {
        "dotenv.js": `exports.config = () => { for (const line of require("fs").readFileSync(__dirname + "/.env", "utf8").split("\\n").filter(Boolean)) { const [k, v] = line.split("="); process.env[k] ??= v; } return { parsed: {} }; };`,
        ".env": "DATABASE_URL=postgres://db/app\nSECRET=s3cret\n",
      },
    },
  ),
  ecosystem(
    "a .env spread into env",
    `{ apps: [{ name: "web", script: "app.js", env: { ...require("./dotenv.js").parsed, NODE_ENV: "production" } }] }`,
    ["app.js"],
    { files: { "dotenv.js": `exports.parsed = { DATABASE_URL: "postgres://db/app" };` } },
  ),
  ecosystem(
    "process.env deleted and set",
    `(() => { delete process.env.DEBUG; process.env.TZ = "UTC"; return { apps: [{ name: "web", script: "app.js" }] }; })()`,
    ["app.js"],
    { variables: { DEBUG: "app:*" } },
  ),
  ecosystem(
    "process.env spread into env",
    `{ apps: [{ name: "web", script: "app.js", env: { ...process.env, A: "1" } }] }`,
    ["app.js"],
    { variables: { FROM_SHELL: "yes" } },
  ),
  ecosystem(
    "env_file",
    `{ apps: [{ name: "web", script: "app.js", env_file: ".env" }] }`,
    ["app.js"],
    { files: { ".env": "A=1\n" } },
  ),
  ecosystem(
    "env_file with --env",
    `{ apps: [{ name: "web", script: "app.js", env_file: "./.env.production", env_production: { B: "2" } }] }`,
    ["app.js"],
    { files: { ".env.production": "A=1\n" }, flags: ["--env", "production"] },
  ),
  ecosystem(
    "node_args of an environment",
    `{ apps: [{ name: "web", script: "app.js", env_production: { NODE_ENV: "production", node_args: "--no-warnings", max_memory_restart: "400M", kill_timeout: 4000 } }] }`,
    ["app.js"],
    { flags: ["--env", "production"] },
  ),
  ecosystem(
    "instances of an environment",
    `{ apps: [{ name: "web", script: "app.js", env: { NODE_ENV: "development" }, env_production: { NODE_ENV: "production", instances: 2, exec_mode: "cluster" } }] }`,
    ["app.js"],
    { flags: ["--env", "production"] },
  ),
  ecosystem(
    "log files of an environment",
    `{ apps: [{ name: "web", script: "app.js", env_production: { NODE_ENV: "production", out_file: "prod-out.log", args: "--prod", name: "web-prod" } }] }`,
    ["app.js"],
    { flags: ["--env", "production"] },
  ),
  ecosystem(
    "values of every kind",
    `{ apps: [{ name: "web", script: "app.js", env: { PORT: 3000, DEBUG: true, OFF: false, EMPTY: "", LIST: ["a", "b"], OBJECT: { a: 1 }, NONE: undefined, FLOAT: 1.5 } }] }`,
    ["app.js"],
  ),
  ecosystem(
    "several environments",
    `{ apps: [{ name: "web", script: "app.js", env: { NODE_ENV: "development", ONLY: "dev" }, env_staging: { NODE_ENV: "staging" }, env_production: { NODE_ENV: "production" }, env_test: { NODE_ENV: "test" } }] }`,
    ["app.js"],
    { flags: ["--env", "staging"] },
  ),
  ecosystem(
    "an environment that nobody declares",
    `{ apps: [{ name: "web", script: "app.js", env_production: { NODE_ENV: "production" } }] }`,
    ["app.js"],
    { flags: ["--env", "staging"] },
  ),
  ecosystem(
    "filter_env",
    `{ apps: [{ name: "web", script: "app.js", filter_env: ["SECRET_"] }] }`,
    ["app.js"],
    { variables: { SECRET_KEY: "x", PUBLIC_KEY: "y" } },
  ),
  ecosystem("variables of the shell", `{ apps: [{ name: "web", script: "app.js" }] }`, ["app.js"], {
    variables: { NODE_ENV: "production", DATABASE_URL: "x" },
  }),
  ecosystem(
    "env of deploy",
    `{ apps: [{ name: "web", script: "app.js", env: { A: "app" } }], deploy: { production: { user: "node", host: "example.org", ref: "origin/main", repo: "git@example.org:a.git", path: "/srv/a", env: { A: "deploy", B: "deploy" } } } }`,
    ["app.js"],
    { flags: ["--env", "production"] },
  ),
  ecosystem(
    "env of deploy beside env_production",
    `{ apps: [{ name: "web", script: "app.js", env: { A: "app" }, env_production: { A: "production", C: "production" } }], deploy: { production: { host: ["a", "b"], env: { A: "deploy", B: "deploy" } } } }`,
    ["app.js"],
    { flags: ["--env", "production"] },
  ),
  ecosystem("env as null", `{ apps: [{ name: "web", script: "app.js", env: null }] }`, ["app.js"]),
  ecosystem(
    "an empty env_production",
    `{ apps: [{ name: "web", script: "app.js", env: { A: "1" }, env_production: {} }] }`,
    ["app.js"],
    { flags: ["--env", "production"] },
  ),
  ecosystem(
    "settings by NODE_ENV",
    `{ apps: [{ name: "web", script: "app.js", instances: process.env.NODE_ENV === "production" ? 2 : 1, exec_mode: process.env.NODE_ENV === "production" ? "cluster" : "fork" }] }`,
    ["app.js"],
    { variables: { NODE_ENV: "production" } },
  ),
  ecosystem(
    "PATH changed by env",
    `{ apps: [{ name: "web", script: "app.js", env: { PATH: "/opt/bin:" + process.env.PATH, NODE_PATH: "./lib" } }] }`,
    ["app.js"],
  ),
  ecosystem(
    "TZ and NODE_OPTIONS",
    `{ apps: [{ name: "web", script: "app.js", env: { TZ: "Europe/Berlin", NODE_OPTIONS: "--no-warnings" } }] }`,
    ["app.js"],
  ),
  ecosystem(
    "PORT of the shell",
    `{ apps: [{ name: "web", script: "app.js", env: { PORT: process.env.PORT || 3000 } }] }`,
    ["app.js"],
    { variables: { PORT: "9000" } },
  ),
];

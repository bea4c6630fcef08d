import { ecosystem, type Shape } from "../shape.ts";

/** What frameworks and bots tell their users to write. */
export const frameworks: readonly Shape[] = [
  ecosystem("Next.js by npm", `{ apps: [{ name: "next", script: "npm", args: "start" }] }`, []),
  ecosystem(
    "Next.js by npm as a cluster",
    `{ apps: [{ name: "next", script: "npm", args: "start", exec_mode: "cluster", instances: 2 }] }`,
    [],
  ),
  ecosystem(
    "npm with node_args",
    `{ apps: [{ name: "next", script: "npm", args: "run start", node_args: "--max-old-space-size=512" }] }`,
    [],
  ),
  ecosystem(
    "Next.js by its own program",
    `{ apps: [{ name: "next", script: "node_modules/next/dist/bin/next", args: "start -p 3000", exec_mode: "cluster", instances: 2 }] }`,
    ["tells.js"],
    {
      files: {
        "node_modules/next/dist/bin/next": `#!/usr/bin/env node\nrequire("../../../../tells.js");`,
      },
    },
  ),
  ecosystem(
    "Next.js by node_modules/.bin",
    `{ apps: [{ name: "next", script: "./node_modules/.bin/next", args: "start" }] }`,
    ["node_modules/.bin/next"],
  ),
  ecosystem(
    "Next.js standalone",
    `{ apps: [{ name: "next", script: ".next/standalone/server.js", env: { PORT: 3000, HOSTNAME: "0.0.0.0" } }] }`,
    [".next/standalone/server.js"],
  ),
  ecosystem(
    "Nuxt 3",
    `{ apps: [{ name: "nuxt", port: "3000", exec_mode: "cluster", instances: "max", script: "./.output/server/index.js" }] }`,
    [".output/server/index.js"],
  ),
  ecosystem(
    "Nuxt 2",
    `{ apps: [{ name: "nuxt", exec_mode: "cluster", instances: "max", script: "./node_modules/nuxt/bin/nuxt.js", args: "start" }] }`,
    ["node_modules/nuxt/bin/nuxt.js"],
  ),
  ecosystem(
    "Nest",
    `{ apps: [{ name: "nest", script: "dist/src/main.js", instances: 1, autorestart: true, watch: false, max_memory_restart: "1G", env_production: { NODE_ENV: "production" } }] }`,
    ["dist/src/main.js"],
    { flags: ["--env", "production"] },
  ),
  ecosystem(
    "Strapi",
    `{ apps: [{ name: "strapi", cwd: "./cms", script: "npm", args: "run start", env: { NODE_ENV: "production", DATABASE_HOST: "127.0.0.1", DATABASE_PORT: "5432" } }] }`,
    ["cms/"],
  ),
  ecosystem(
    "Directus",
    `{ apps: [{ name: "directus", script: "npx", args: "directus start", env: { CONFIG_PATH: "./config.js" } }] }`,
    [],
  ),
  ecosystem(
    "Directus by its program",
    `{ apps: [{ name: "directus", script: "./node_modules/directus/cli.js", args: ["start"], instances: "max", exec_mode: "cluster", watch: false, autorestart: true, max_memory_restart: "8G" }] }`,
    ["node_modules/directus/cli.js"],
  ),
  ecosystem(
    "Ghost",
    `{ apps: [{ name: "ghost", script: "current/index.js", env: { NODE_ENV: "production" }, cwd: "./ghost" }] }`,
    ["ghost/current/index.js"],
  ),
  ecosystem(
    "a Discord bot",
    `{ apps: [{ name: "bot", script: "src/index.js", watch: ["src", "config.json"], ignore_watch: ["node_modules", "data", "*.sqlite"], watch_delay: 1000, env: { NODE_ENV: "production" } }] }`,
    ["src/index.js"],
    { files: { "config.json": "{}" } },
  ),
  ecosystem(
    "a Discord bot by npm",
    `{ apps: [{ name: "bot", script: "npm", args: ["run", "start"], restart_delay: 5000, max_restarts: 10 }] }`,
    [],
  ),
  ecosystem(
    "a Telegram bot with yarn",
    `{ apps: [{ name: "bot", script: "yarn", args: "start", interpreter: "/bin/bash" }] }`,
    [],
  ),
  ecosystem(
    "yarn without an interpreter",
    `{ apps: [{ name: "bot", script: "yarn", args: "start", interpreter: "none" }] }`,
    [],
  ),
  ecosystem("pnpm", `{ apps: [{ name: "web", script: "pnpm", args: "--filter web start" }] }`, []),
  ecosystem(
    "pnpm by a command line",
    `{ apps: [{ name: "web", script: "pnpm --filter web start" }] }`,
    [],
  ),
  ecosystem(
    "npm by a command line",
    `{ apps: [{ name: "web", script: "npm run start:prod" }] }`,
    [],
  ),
  ecosystem(
    "a command line with &&",
    `{ apps: [{ name: "web", script: "cd server && npm start" }] }`,
    ["server/"],
  ),
  ecosystem(
    "a command line beside args",
    `{ apps: [{ name: "web", script: "node app.js one", args: ["two", "three four"] }] }`,
    ["app.js"],
  ),
  ecosystem(
    "a command line beside a text of args",
    `{ apps: [{ name: "web", script: "npm run start", args: "-- --port 3000" }] }`,
    [],
  ),
  ecosystem(
    "tsx as the interpreter",
    `{ apps: [{ name: "web", script: "src/index.ts", interpreter: "tsx" }] }`,
    ["src/index.ts"],
  ),
  ecosystem(
    "tsx beside the app as the interpreter",
    `{ apps: [{ name: "web", script: "./src/index.ts", interpreter: "./node_modules/.bin/tsx" }] }`,
    ["src/index.ts", "node_modules/.bin/tsx"],
  ),
  ecosystem(
    "tsx as the script",
    `{ apps: [{ name: "web", script: "tsx", args: "src/index.ts" }] }`,
    ["src/index.ts"],
  ),
  ecosystem(
    "ts-node as the interpreter",
    `{ apps: [{ name: "web", script: "src/index.ts", interpreter: "node_modules/.bin/ts-node" }] }`,
    ["src/index.ts", "node_modules/.bin/ts-node"],
  ),
  ecosystem(
    "bun as the interpreter",
    `{ apps: [{ name: "web", script: "src/index.ts", interpreter: "bun" }] }`,
    ["src/index.ts"],
  ),
  ecosystem(
    "bun with a path",
    `{ apps: [{ name: "web", script: "index.ts", interpreter: "./bun/bin/bun", interpreter_args: "run" }] }`,
    ["index.ts", "bun/bin/bun"],
  ),
  ecosystem(
    "bun as the script",
    `{ apps: [{ name: "web", script: "bun", args: "run start" }] }`,
    [],
  ),
  ecosystem(
    "deno",
    `{ apps: [{ name: "web", script: "./main.ts", interpreter: "deno", interpreter_args: "run --allow-net --allow-env" }] }`,
    ["main.ts"],
  ),
  ecosystem(
    "SvelteKit",
    `{ apps: [{ name: "svelte", script: "./build/index.js", env: { PORT: 5000, ORIGIN: "https://example.org" } }] }`,
    ["build/index.js"],
  ),
  ecosystem(
    "Remix",
    `{ apps: [{ name: "remix", script: "remix-serve ./build/index.js", env: { NODE_ENV: "production" } }] }`,
    ["bin/remix-serve"],
  ),
  ecosystem(
    "Astro",
    `{ apps: [{ name: "astro", script: "./dist/server/entry.js", env: { HOST: "0.0.0.0", PORT: 4321 } }] }`,
    ["dist/server/entry.js"],
  ),
  ecosystem(
    "vite preview",
    `{ apps: [{ name: "vite", script: "./node_modules/.bin/vite", args: "preview --host" }] }`,
    ["node_modules/.bin/vite"],
  ),
  ecosystem(
    "AdonisJS",
    `{ apps: [{ name: "web-app", script: "./bin/server.js", instances: "max", exec_mode: "cluster", autorestart: true }] }`,
    ["bin/server.js"],
  ),
  ecosystem(
    "Meteor",
    `{ apps: [{ name: "meteor", script: "bundle/main.js", env: { ROOT_URL: "http://localhost", MONGO_URL: "mongodb://127.0.0.1/a", METEOR_SETTINGS: { public: { a: 1 } } } }] }`,
    ["bundle/main.js"],
  ),
  ecosystem(
    "Laravel's queue",
    `{ apps: [{ name: "queue", script: "artisan", interpreter: "php", args: "queue:work --sleep=3 --tries=3", exec_mode: "fork" }] }`,
    ["artisan"],
  ),
  ecosystem(
    "Rails by bundle",
    `{ apps: [{ name: "rails", script: "bundle", args: "exec puma -C config/puma.rb", interpreter: "none" }] }`,
    [],
  ),
  ecosystem(
    "a jar",
    `{ apps: [{ name: "java", script: "java", args: ["-Xmx256m", "-jar", "app.jar"], exec_interpreter: "none", exec_mode: "fork" }] }`,
    [],
  ),
  ecosystem(
    "dotnet",
    `{ apps: [{ name: "net", script: "dotnet", args: "Api.dll --urls http://127.0.0.1:5000" }] }`,
    [],
  ),
  ecosystem(
    "a Go binary",
    `{ apps: [{ name: "go", script: "./server", interpreter: "none", args: "-addr :8080" }] }`,
    ["server"],
  ),
  ecosystem(
    "a program in a folder of its own",
    `{ apps: [{ name: "caddy", script: "caddy", args: "run --config Caddyfile", cwd: "./deploy" }] }`,
    ["deploy/"],
  ),
  ecosystem("nodemon", `{ apps: [{ name: "dev", script: "nodemon", args: "app.js" }] }`, [
    "app.js",
  ]),
  ecosystem(
    "cross-env in front",
    `{ apps: [{ name: "dev", script: "cross-env NODE_ENV=production node app.js" }] }`,
    ["app.js"],
  ),
];

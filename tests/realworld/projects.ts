import { createRequire } from "node:module";
import { join } from "node:path";
import type { Load } from "../support/load.ts";
import { startCalls } from "../support/call-load.ts";
import type { Framework } from "./framework.ts";

const host = "127.0.0.1";

const nestServer = `require("reflect-metadata");
const { join } = require("path");
const { Module, Controller } = require("@nestjs/common");
const { GrpcMethod, Transport } = require("@nestjs/microservices");
const { NestFactory } = require("@nestjs/core");
class Pids { ask() { console.log("served"); return { pid: process.pid }; } }
GrpcMethod("Pids", "Ask")(Pids.prototype, "ask", Object.getOwnPropertyDescriptor(Pids.prototype, "ask"));
Controller()(Pids);
class Main {}
Module({ controllers: [Pids] })(Main);
const options = { package: "pids", protoPath: join(__dirname, "pids.proto"), url: "127.0.0.1:" + process.env.PORT };
NestFactory.createMicroservice(Main, { logger: ["error"], transport: Transport.GRPC, options }).then((app) => {
  app.enableShutdownHooks();
  return app.listen();
});`;

/** What is called of `@grpc/grpc-js`, as its load is not a dependency of ours. */
interface Grpc {
  readonly credentials: { createInsecure(): unknown };
  loadPackageDefinition(definition: unknown): {
    readonly pids: {
      readonly Pids: new (
        address: string,
        credentials: unknown,
      ) => {
        Ask(request: object, done: (error: Error | null, answer?: { pid: number }) => void): void;
        close(): void;
      };
    };
  };
}

/** Calls over a client for each of four callers, tried once. */
function grpcLoad({ folder, port }: { folder: string; port: number }): Load {
  const load = createRequire(join(folder, "client.cjs"));
  const grpc = load("@grpc/grpc-js") as Grpc;
  const loader = load("@grpc/proto-loader") as { loadSync(file: string): unknown };
  const { pids } = grpc.loadPackageDefinition(loader.loadSync(join(folder, "pids.proto")));
  const open = (): InstanceType<typeof pids.Pids> =>
    new pids.Pids(`${host}:${port}`, grpc.credentials.createInsecure());
  return startCalls(4, () => {
    const client = open();
    return {
      ask: () =>
        new Promise((resolve, reject) => {
          client.Ask({}, (error, answer) =>
            error === null ? resolve(String(answer?.pid)) : reject(error),
          );
        }),
      close: () => client.close(),
    };
  });
}

/** Frameworks that are built first, and a microservice. */
export const projects: readonly Framework[] = [
  {
    name: "Next.js as it is built",
    packages: ["next@15", "react@19", "react-dom@19"],
    script: "node_modules/next/dist/bin/next",
    files: {
      "app/layout.jsx": "export default ({ children }) => <html><body>{children}</body></html>;\n",
      "app/page.jsx": "export default () => <p>here</p>;\n",
      "app/api/route.js":
        'export const dynamic = "force-dynamic";\nexport const GET = () => { console.log("served"); return new Response(String(process.pid)); };\n',
    },
    build: ["next/dist/bin/next", "build"],
    fields: { args: `start -H ${host}` },
    path: "/api",
  },
  {
    name: "Nuxt as it is built",
    packages: ["nuxt@3"],
    script: ".output/server/index.mjs",
    files: {
      "nuxt.config.mjs": "export default { telemetry: false };\n",
      "app.vue": "<template><p>here</p></template>\n",
      "server/api/pid.get.js":
        'export default defineEventHandler(() => { console.log("served"); return String(process.pid); });\n',
    },
    build: ["nuxt/bin/nuxt.mjs", "build"],
    path: "/api/pid",
  },
  {
    name: "SvelteKit with adapter-node",
    packages: [
      "@sveltejs/kit@2",
      "@sveltejs/adapter-node@5",
      "@sveltejs/vite-plugin-svelte@6",
      "svelte@5",
      "vite@7",
    ],
    script: "build/index.js",
    files: {
      "svelte.config.js":
        'import adapter from "@sveltejs/adapter-node";\nexport default { kit: { adapter: adapter() } };\n',
      "vite.config.js":
        'import { sveltekit } from "@sveltejs/kit/vite";\nexport default { plugins: [sveltekit()] };\n',
      "src/app.html": "<html><head>%sveltekit.head%</head><body>%sveltekit.body%</body></html>\n",
      "src/routes/+page.svelte": "<p>here</p>\n",
      "src/routes/pid/+server.js":
        'export const GET = () => { console.log("served"); return new Response(String(process.pid)); };\n',
    },
    build: ["vite/bin/vite.js", "build"],
    path: "/pid",
  },
  {
    name: "React Router by react-router-serve",
    packages: [
      "@react-router/dev@7.18.4",
      "@react-router/node@7.18.4",
      "@react-router/serve@7.18.4",
      "react-router@7.18.4",
      "react@19",
      "react-dom@19",
      "isbot@5",
      "vite@7",
    ],
    script: "node_modules/.bin/react-router-serve",
    files: {
      "vite.config.js":
        'import { reactRouter } from "@react-router/dev/vite";\nexport default { plugins: [reactRouter()] };\n',
      "app/routes.js":
        'import { route } from "@react-router/dev/routes";\nexport default [route("pid", "./pid.js")];\n',
      "app/root.jsx":
        'import { Outlet, Scripts } from "react-router";\nexport default () => <html><body><Outlet /><Scripts /></body></html>;\n',
      "app/pid.js":
        'export const loader = () => { console.log("served"); return new Response(String(process.pid)); };\n',
    },
    build: ["@react-router/dev/bin.js", "build"],
    fields: { args: "./build/server/index.js" },
    path: "/pid",
  },
  {
    name: "Nest with gRPC",
    packages: [
      "@nestjs/core@11",
      "@nestjs/common@11",
      "@nestjs/microservices@11",
      "@grpc/grpc-js@1",
      "@grpc/proto-loader@0.8",
      "reflect-metadata",
      "rxjs",
    ],
    script: "nest.cjs",
    files: {
      "nest.cjs": nestServer,
      "pids.proto":
        'syntax = "proto3";\npackage pids;\nservice Pids { rpc Ask (Nothing) returns (Pid); }\nmessage Nothing {}\nmessage Pid { int32 pid = 1; }\n',
    },
    load: grpcLoad,
  },
];

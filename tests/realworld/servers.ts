import type { Framework } from "./framework.ts";
import { startPolling } from "../support/polling-load.ts";

const listen = `const [port, host] = [Number(process.env.PORT), "127.0.0.1"];
const answer = () => { console.log("served"); return String(process.pid); };`;

const of = (script: string, source: string): Pick<Framework, "script" | "files"> => ({
  script,
  files: { [script]: source },
});

/** Servers whose whole source is here. */
export const servers: readonly Framework[] = [
  {
    name: "Fastify with close-with-grace",
    packages: ["fastify@5", "close-with-grace@2"],
    ...of(
      "fastify.cjs",
      `${listen}
const app = require("fastify")();
app.get("/", async () => answer());
require("close-with-grace")({ delay: 5000 }, async () => { await app.close(); });
app.listen({ port, host });`,
    ),
  },
  {
    name: "Koa as an ES module, with pino",
    packages: ["koa@3", "pino@9"],
    ...of(
      "koa.mjs",
      `import Koa from "koa";
import pino from "pino";
${listen}
const log = pino();
new Koa().use((context) => { context.body = String(process.pid); log.info("served"); }).listen(port, host);`,
    ),
  },
  {
    name: "Express with pino-http and a transport of its own thread",
    packages: ["express@5", "pino@9", "pino-http@10"],
    ...of(
      "pino.cjs",
      `${listen}
const pino = require("pino");
const log = pino(pino.transport({ target: "pino/file", options: { destination: 1 } }));
const app = require("express")();
app.use(require("pino-http")({ logger: log, customSuccessMessage: () => "served" }));
app.get("/", (_, response) => response.end(String(process.pid)));
app.listen(port, host);`,
    ),
  },
  {
    name: "Hono on its Node server",
    packages: ["hono@4", "@hono/node-server@1"],
    ...of(
      "hono.mjs",
      `import { Hono } from "hono";
import { serve } from "@hono/node-server";
const app = new Hono().get("/", (context) => { console.log("served"); return context.text(String(process.pid)); });
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: "127.0.0.1" });`,
    ),
  },
  {
    name: "Socket.IO by polling",
    packages: ["socket.io@4"],
    ...of(
      "socket.cjs",
      `${listen}
const server = require("http").createServer();
const io = new (require("socket.io").Server)(server);
io.on("connection", (socket) => socket.on("ask", () => { console.log("served"); socket.emit("answer", process.pid); }));
server.listen(port, host);`,
    ),
    fields: { scheduling: "sticky" },
    load: ({ port }) => startPolling(port),
    repeats: true,
  },
  {
    name: "Nest on Express",
    packages: [
      "@nestjs/core@11",
      "@nestjs/common@11",
      "@nestjs/platform-express@11",
      "reflect-metadata",
      "rxjs",
    ],
    ...of(
      "nest.cjs",
      `require("reflect-metadata");
const { Module, Controller, Get } = require("@nestjs/common");
const { NestFactory } = require("@nestjs/core");
class Home { home() { console.log("served"); return String(process.pid); } }
const of = Object.getOwnPropertyDescriptor(Home.prototype, "home");
Get()(Home.prototype, "home", of);
Controller()(Home);
class Main {}
Module({ controllers: [Home] })(Main);
NestFactory.create(Main, { logger: false }).then((app) => { app.enableShutdownHooks(); return app.listen(Number(process.env.PORT), "127.0.0.1"); });`,
    ),
  },
  {
    name: "Express with log4js and pm2: true",
    packages: ["express@5", "log4js@6"],
    ...of(
      "log4js.cjs",
      `${listen}
const log4js = require("log4js");
log4js.configure({ pm2: true, appenders: { out: { type: "stdout", layout: { type: "messagePassThrough" } } }, categories: { default: { appenders: ["out"], level: "info" } } });
const log = log4js.getLogger();
require("express")().get("/", (_, response) => { log.info("served"); response.end(String(process.pid)); }).listen(port, host);`,
    ),
  },
  {
    name: "prom-client beside node:http",
    packages: ["prom-client@15"],
    ...of(
      "prom.cjs",
      `${listen}
const { AggregatorRegistry, Counter, collectDefaultMetrics, register } = require("prom-client");
new AggregatorRegistry();
collectDefaultMetrics();
const requests = new Counter({ name: "requests_total", help: "Requests." });
require("http").createServer(async (_, response) => {
  requests.inc();
  const metrics = await register.metrics();
  response.statusCode = metrics.includes("requests_total") ? 200 : 500;
  response.end(answer());
}).listen(port, host);`,
    ),
  },
  {
    name: "hapi with its own stop",
    packages: ["@hapi/hapi@21"],
    ...of(
      "hapi.cjs",
      `${listen}
const server = require("@hapi/hapi").server({ port, host });
server.route({ method: "GET", path: "/", handler: answer });
server.start();
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.stop({ timeout: 5000 }).then(() => process.exit(0)));`,
    ),
  },
  {
    name: "GraphQL by Apollo",
    packages: ["@apollo/server@5", "graphql@16"],
    ...of(
      "apollo.mjs",
      `import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
const typeDefs = "type Query { pid: Int }";
const resolvers = { Query: { pid: () => { console.log("served"); return process.pid; } } };
const server = new ApolloServer({ typeDefs, resolvers, csrfPrevention: false });
await startStandaloneServer(server, { listen: { port: Number(process.env.PORT), host: "127.0.0.1" } });`,
    ),
    path: "/?query=%7Bpid%7D",
  },
  {
    name: "GraphQL Yoga on node:http",
    packages: ["graphql-yoga@5", "graphql@16"],
    ...of(
      "yoga.mjs",
      `import { createServer } from "node:http";
import { createSchema, createYoga } from "graphql-yoga";
const typeDefs = "type Query { pid: Int }";
const resolvers = { Query: { pid: () => { console.log("served"); return process.pid; } } };
createServer(createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false })).listen(Number(process.env.PORT), "127.0.0.1");`,
    ),
    path: "/graphql?query=%7Bpid%7D",
  },
  {
    name: "tRPC's standalone server",
    packages: ["@trpc/server@11"],
    ...of(
      "trpc.mjs",
      `import { initTRPC } from "@trpc/server";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
const t = initTRPC.create();
const router = t.router({ pid: t.procedure.query(() => { console.log("served"); return process.pid; }) });
createHTTPServer({ router }).listen(Number(process.env.PORT), "127.0.0.1");`,
    ),
    path: "/pid",
  },
  {
    name: "Express behind http-terminator",
    packages: ["express@5", "http-terminator@3"],
    ...of(
      "terminator.cjs",
      `${listen}
const server = require("express")().get("/", (_, response) => { response.end(answer()); }).listen(port, host);
const terminator = require("http-terminator").createHttpTerminator({ server });
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, async () => { await terminator.terminate(); process.exit(0); });`,
    ),
  },
  {
    name: "Express with terminus and its health check",
    packages: ["express@5", "@godaddy/terminus@4"],
    ...of(
      "terminus.cjs",
      `${listen}
const { createServer } = require("http");
const server = createServer(require("express")().get("/", (_, response) => { response.end(answer()); }));
require("@godaddy/terminus").createTerminus(server, { signals: ["SIGINT", "SIGTERM"], healthChecks: { "/healthz": async () => {} }, beforeShutdown: () => new Promise((done) => setTimeout(done, 200)) });
server.listen(port, host);`,
    ),
  },
  {
    name: "Express, TypeScript by tsx, with source-map-support and dotenv",
    packages: ["express@5", "tsx@4", "dotenv@17", "source-map-support@0.5"],
    script: "src/server.ts",
    files: {
      ".env": "GREETING=served\n",
      "src/server.ts": `import "dotenv/config";
import "source-map-support/register.js";
import express from "express";
enum Path { Home = "/" }
express().get(Path.Home, (_: unknown, response: { end(text: string): void }) => { console.log(process.env.GREETING); response.end(String(process.pid)); }).listen(Number(process.env.PORT), "127.0.0.1");
`,
    },
    fields: { node_args: "--import tsx" },
  },
  {
    name: "Feathers on Koa",
    packages: ["@feathersjs/feathers@5", "@feathersjs/koa@5"],
    ...of(
      "feathers.mjs",
      `import { feathers } from "@feathersjs/feathers";
import { koa, rest, bodyParser, errorHandler } from "@feathersjs/koa";
const app = koa(feathers());
app.use(errorHandler());
app.use(bodyParser());
app.configure(rest());
app.use("pid", { async find() { console.log("served"); return process.pid; } });
app.listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGINT", () => app.teardown().then(() => process.exit(0)));`,
    ),
    path: "/pid",
  },
];

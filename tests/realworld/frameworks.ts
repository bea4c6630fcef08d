import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A program written with a library from npm; it answers `/` on `PORT` and keeps to its library's own shutdown. */
export interface Framework {
  readonly name: string;
  readonly packages: readonly string[];
  readonly file: string;
  readonly source: string;
  /** More of what its ecosystem file says. */
  readonly fields?: object;
  /** What is asked for under load. */
  readonly path?: string;
}

const listen = 'const [port, host] = [Number(process.env.PORT), "127.0.0.1"];';

export const frameworks: readonly Framework[] = [
  {
    name: "Fastify with close-with-grace",
    packages: ["fastify@5", "close-with-grace@2"],
    file: "fastify.cjs",
    source: `${listen}
const app = require("fastify")();
app.get("/", async () => String(process.pid));
require("close-with-grace")({ delay: 5000 }, async () => { await app.close(); });
app.listen({ port, host });`,
  },
  {
    name: "Koa as an ES module, with pino",
    packages: ["koa@3", "pino@9"],
    file: "koa.mjs",
    source: `import Koa from "koa";
import pino from "pino";
${listen}
const log = pino();
new Koa().use((context) => { context.body = String(process.pid); log.info("served"); }).listen(port, host);`,
  },
  {
    name: "Hono on its Node server",
    packages: ["hono@4", "@hono/node-server@1"],
    file: "hono.mjs",
    source: `import { Hono } from "hono";
import { serve } from "@hono/node-server";
const app = new Hono().get("/", (context) => context.text(String(process.pid)));
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: "127.0.0.1" });`,
  },
  {
    name: "Socket.IO beside an HTTP server",
    packages: ["socket.io@4"],
    file: "socket.cjs",
    source: `${listen}
const server = require("http").createServer((_, response) => response.end(String(process.pid)));
new (require("socket.io").Server)(server);
server.listen(port, host);`,
    fields: { scheduling: "sticky" },
    path: "/",
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
    file: "nest.cjs",
    source: `require("reflect-metadata");
const { Module, Controller, Get } = require("@nestjs/common");
const { NestFactory } = require("@nestjs/core");
class Home { home() { return String(process.pid); } }
const of = Object.getOwnPropertyDescriptor(Home.prototype, "home");
Get()(Home.prototype, "home", of);
Controller()(Home);
class Main {}
Module({ controllers: [Home] })(Main);
NestFactory.create(Main, { logger: false }).then((app) => { app.enableShutdownHooks(); return app.listen(Number(process.env.PORT), "127.0.0.1"); });`,
  },
];

/** Installs what the programs need from npm, into a folder of its own. */
export async function installFrameworks(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "xm-realworld-"));
  const packages = new Set(frameworks.flatMap((each) => each.packages));
  const flags = ["install", "--no-save", "--no-audit", "--no-fund", "--prefix", folder];
  await promisify(execFile)("npm", [...flags, ...packages]);
  return folder;
}

import { expect, test } from "vitest";
import { programmaticReference } from "../../../../docs/generate/programmatic.ts";
import type { BusEvent } from "../../../../runtime/client/connection/types.ts";
import { patternOf, toPacket, topicsOf } from "../../../../runtime/compat/bus.ts";
import { method } from "../../../../runtime/client/package/method.ts";
import { testFolder } from "../../../support/folder.ts";
import xm from "../../../../runtime/client/package/index.ts";

/** PM2's methods that programs use; the public documentation names them. */
const pm2Methods = [
  "connect",
  "start",
  "stop",
  "restart",
  "reload",
  "gracefulReload",
  "delete",
  "list",
  "describe",
  "launchBus",
  "sendDataToProcessId",
  "sendSignalToProcessName",
  "sendSignalToProcessId",
  "sendLineToStdin",
  "trigger",
  "msgProcess",
  "attach",
  "dump",
  "autodump",
  "resurrect",
  "flush",
  "reloadLogs",
  "reset",
  "scale",
  "getVersion",
  "getPID",
  "getProcessIdByName",
  "ping",
  "set",
  "get",
  "multiset",
  "unset",
  "env",
  "update",
  "killDaemon",
  "kill",
  "disconnect",
  "disconnectBus",
  "close",
  "profile",
  "inspect",
  "serve",
  "speedList",
  "startup",
  "uninstallStartup",
  "install",
  "uninstall",
  "launchSysMonitoring",
  "clearDump",
  "destroy",
  "streamLogs",
];

test("every method of PM2's is there, every method is documented, and every documented one is there", () => {
  const methods = Object.entries(xm)
    .filter(([name, value]) => typeof value === "function" && !["custom", "XmError"].includes(name))
    .map(([name]) => name);
  const [, section = ""] = programmaticReference().split("## Methods");
  const documented = [...section.matchAll(/^### (\w+)$/gm)].map(([, name = ""]) => name);
  // An object, which is documented among them.
  expect(documented.toSorted()).toEqual([...methods, "Client"].toSorted());
  expect(pm2Methods.filter((name) => !methods.includes(name))).toEqual([]);
});

test("a method gives a promise, or calls its callback and gives nothing", async () => {
  const double = method(async (value: number) => {
    if (value < 0) throw new Error("negative");
    return value * 2;
  });
  expect(await double(4)).toBe(8);
  await expect(double(-1)).rejects.toThrow("negative");
  expect(await new Promise((resolve) => double(4, (...told) => resolve(told)))).toEqual([null, 8]);
  const failed = await new Promise((resolve) => double(-1, (...told) => resolve(told)));
  expect(failed).toEqual([new Error("negative")]);
  expect(double(4, () => {})).toBeUndefined();
  // PM2's programs pass on callbacks that they may not have been given.
  expect(await (double as (...args: unknown[]) => Promise<number>)(4, undefined)).toBe(8);
});

test("settings are kept under keys, given back, and forgotten", async () => {
  const { path } = testFolder();
  const own = new xm.custom({ pm2_home: path });
  await own.set("api:port", "8000");
  await own.multiset("api.host 127.0.0.1 level debug");
  expect(await own.get()).toEqual({ api: { port: "8000", host: "127.0.0.1" }, level: "debug" });
  await own.unset("api:host");
  expect([await own.get("api"), await own.get("api:host")]).toEqual([{ port: "8000" }, undefined]);
  await expect(own.multiset("odd")).rejects.toMatchObject({ code: "ERR_USAGE" });
  await expect(own.set("__proto__.x", "1")).rejects.toMatchObject({ code: "ERR_USAGE" });
  await own.unset("all");
  expect(await own.get()).toEqual({});
});

test("a callback runs outside the promise: what it throws is nobody's rejection", async () => {
  const order: string[] = [];
  const work = method(async () => order.push("worked"));
  await new Promise<void>((resolve) => {
    work(() => {
      order.push("called");
      resolve();
    });
    order.push("returned");
  });
  expect(order).toEqual(["worked", "returned", "called"]);
});

test.each([
  ["process:event", ["processes"]],
  ["process:exception", ["messages"]],
  ["log:out", ["logs"]],
  ["log:*", ["logs", "daemon", "messages"]],
  ["log:PM2", ["daemon"]],
  ["pm2:kill", ["processes"]],
  ["axm:monitor", ["messages"]],
  ["my:topic", ["messages"]],
  ["*", ["processes", "logs", "daemon", "messages"]],
])("who listens to %s needs %s of the daemon", (pattern, topics) => {
  expect(topicsOf(pattern)).toEqual(topics);
});

test("a pattern gives what its stars stand for, and takes other characters as they are", () => {
  expect(patternOf("log:*").exec("log:out")?.slice(1)).toEqual(["out"]);
  expect(patternOf("*:*").exec("process:event")?.slice(1)).toEqual(["process", "event"]);
  expect(patternOf("a.c").test("abc")).toBe(false);
  expect(patternOf("log:*").test("a log:out")).toBe(false);
});

const who = { id: 3, name: "api", namespace: "web" };
const process = { pm_id: 3, name: "api", rev: null, namespace: "web" };

test.each<[string, BusEvent, string, unknown]>([
  [
    "a line of output ends with its newline",
    { kind: "log", at: 5, ...who, stream: "err", line: "oh" },
    "log:err",
    { process, at: 5, data: "oh\n" },
  ],
  [
    "a message with a type and data has a channel of its own",
    { kind: "message", at: 5, ...who, message: { type: "axm:reply", data: { return: 1 } } },
    "axm:reply",
    { at: 5, data: { return: 1 }, process },
  ],
  [
    "any other message is raw",
    { kind: "message", at: 5, ...who, message: { type: "no data" } },
    "process:msg",
    { at: 5, raw: { type: "no data" }, process },
  ],
  [
    "an exception says where it was thrown",
    {
      kind: "exception",
      at: 5,
      ...who,
      message: "m",
      error: "TypeError",
      stack: "TypeError: m\n    at node:internal/x:1:2\n    at f (/srv/app.js:7:9)",
    },
    "process:exception",
    {
      at: 5,
      data: {
        message: "m",
        name: "TypeError",
        stack: "TypeError: m\n    at node:internal/x:1:2\n    at f (/srv/app.js:7:9)",
        callsite: "/srv/app.js:7",
      },
      process,
    },
  ],
  [
    "a line of the daemon's log is PM2's",
    { kind: "daemon", at: 5, line: "up" },
    "log:PM2",
    { process: { pm_id: "PM2", name: "PM2", rev: null }, at: 5, data: "up\n" },
  ],
  [
    "the end of the daemon names who asked for it",
    { kind: "killed", at: 5, by: "`xm kill`" },
    "pm2:kill",
    { status: "killed", msg: "the daemon was ended by `xm kill`" },
  ],
])("%s", (_, event, name, data) => {
  expect(toPacket(event)).toEqual({ name, data });
});

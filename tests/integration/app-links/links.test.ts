import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import type { Down, Up } from "../../../runtime/contract/app-link/protocol.ts";
import { createLinks, type Links } from "../../../runtime/daemon/app-links/server.ts";
import type { LineOf, Talk } from "../../../runtime/daemon/app-links/lives.ts";
import { until } from "../../support/condition.ts";
import { testFolder } from "../../support/folder.ts";

const megabyte = 1024 * 1024;

interface Lines {
  readonly links: Links;
  readonly log: string[];
  readonly path: string;
  /** A life that is known, and what it has said. */
  readonly life: (name: string, line?: LineOf) => { talk: Talk; said: Up[] };
  /** A connection to God's socket, with what comes back; it is closed when the test ends. */
  readonly dial: () => Dialled;
  /** The two ends of a line that a child has inherited. */
  readonly pair: () => Promise<{ own: Socket; child: Dialled }>;
}

interface Dialled {
  readonly socket: Socket;
  readonly heard: string[];
  readonly isClosed: () => boolean;
}

async function setUp(): Promise<Lines> {
  const { path: folder } = testFolder();
  const path = join(folder, "apps.sock");
  const log: string[] = [];
  const links = createLinks(path, (line) => log.push(line));
  await links.listen();
  onTestFinished(() => links.close());
  const dialled = (socket: Socket): Dialled => {
    const heard: string[] = [];
    let isClosed = false;
    socket.setEncoding("utf8").on("data", (text: string) => void heard.push(text));
    socket.on("error", () => {});
    socket.on("close", () => {
      isClosed = true;
    });
    onTestFinished(() => void socket.destroy());
    return { socket, heard, isClosed: () => isClosed };
  };
  return {
    links,
    log,
    path,
    life: (name, line) => {
      const said: Up[] = [];
      return { talk: links.attach(name, (message) => said.push(message), line), said };
    },
    dial: () => dialled(connect(path)),
    pair: () =>
      new Promise((resolve) => {
        const other = join(folder, `pair-${Math.random()}`);
        const server = createServer((own) => {
          server.close();
          resolve({ own, child });
        });
        let child: Dialled;
        server.listen(other, () => {
          child = dialled(connect(other));
        });
      }),
  };
}

function hello(life: string, change: object = {}): string {
  const message = {
    type: "hello",
    v: 1,
    life,
    pid: 7,
    isReady: false,
    isListening: false,
    said: [],
  };
  return `${JSON.stringify({ ...message, ...change })}\n`;
}

function nested(depth: number): string {
  return `${"[".repeat(depth)}${"]".repeat(depth)}`;
}

/** Frames of an app that is hostile, or damaged. */
const misfits: Readonly<Record<string, string>> = {
  "no JSON": "garbage\n",
  "half a frame": '{"type":"beat"\n',
  "a number": "5\n",
  "no type": '{"data":1}\n',
  null: "null\n",
  "a second hello": hello("a"),
  "a hello without said":
    '{"type":"hello","v":1,"life":"a","pid":7,"isReady":false,"isListening":false}\n',
  "a hello that says null": hello("a", { said: null }),
  "a hello that says 5": hello("a", { said: 5 }),
  "a reason that is an object": '{"type":"unwritable","stream":"stdout","why":{}}\n',
  "a reason without end": `{"type":"unwritable","stream":"stdout","why":"${"x".repeat(2_000)}"}\n`,
  "a time that is none":
    '{"type":"exception","error":{"at":1e300,"message":"","stack":"","error":""}}\n',
  "a ticket that is no number": '{"type":"took","ticket":"1"}\n',
  "a way to stop that is unknown": '{"type":"stopping","how":"later"}\n',
  "a message nested 100,000 deep": `{"type":"message","data":${nested(100_000)}}\n`,
};

test.each(Object.entries(misfits))("%s ends its own connection, and no other", async (_, frame) => {
  const { life, dial, log } = await setUp();
  const bad = life("a");
  const good = life("b");
  const [badLine, goodLine] = [dial(), dial()];
  goodLine.socket.write(hello("b"));
  badLine.socket.write(hello("a") + frame);
  await until("the end of the connection", badLine.isClosed);
  goodLine.socket.write('{"type":"beat"}\n');
  await until("the other's beat", () => good.said.some(({ type }) => type === "beat"));
  expect(bad.said.map(({ type }) => type)).toEqual(["hello"]);
  expect(goodLine.isClosed()).toBe(false);
  expect(log).toHaveLength(1);
});

test("a fault while a message is handled ends its connection", async () => {
  const { links, dial, log } = await setUp();
  links.attach("a", () => {
    throw new TypeError("a fault of ours");
  });
  const line = dial();
  line.socket.write(hello("a"));
  await until("the end of the connection", line.isClosed);
  expect(log).toEqual(["a connection of life a is ended: a fault of ours"]);
});

test("the same app's faults are logged once a minute", async () => {
  const { life, dial, log } = await setUp();
  life("a");
  for (let round = 0; round < 20; round += 1) {
    const line = dial();
    line.socket.write(`${hello("a")}garbage\n`);
    await until("the end of the connection", line.isClosed);
  }
  expect(log).toEqual(["a connection of life a is ended: a line is not JSON"]);
});

test("a type that this version does not know is ignored", async () => {
  const { life, dial } = await setUp();
  const { said } = life("a");
  const { socket } = dial();
  socket.write(`${hello("a")}{"type":"of a later version","x":1}\n{"type":"beat"}\n`);
  await until("its beat", () => said.length === 2);
  expect(said.map(({ type }) => type)).toEqual(["hello", "beat"]);
});

test("a life that nobody knows is dropped at once, however long its hello", async () => {
  const { dial } = await setUp();
  const lines = Array.from({ length: 60 }, dial);
  const frame = hello("unknown", { said: ["x".repeat(megabyte)] });
  for (const { socket } of lines) socket.write(frame);
  await until("the end of all", () => lines.every(({ isClosed }) => isClosed()));
  const short = dial();
  short.socket.write(hello("unknown"));
  await until("the end of it", short.isClosed);
});

test("one life cannot speak for another over the line that its child has inherited", async () => {
  const { links, life, pair } = await setUp();
  const [a, b] = [life("a"), life("b")];
  const { own, child } = await pair();
  links.inherit("a", own, "link");
  child.socket.write(hello("b"));
  await until("the end of the connection", child.isClosed);
  expect([a.said, b.said]).toEqual([[], []]);
});

test("connections that do not say whose they are have a limit, and those of known lives stay", async () => {
  const { life, dial } = await setUp();
  const { said } = life("a");
  const known = dial();
  known.socket.write(hello("a"));
  await until("its hello", () => said.length === 1);
  const silent = Array.from({ length: 80 }, dial);
  await until(
    "the end of those above it",
    () => silent.filter(({ isClosed }) => isClosed()).length === 16,
  );
  known.socket.write('{"type":"beat"}\n');
  await until("its beat", () => said.length === 2);
});

test.each(["link", "node"] as const)(
  "300 MB without a newline over a %s line end at the limit",
  async (speech) => {
    const { links, life, pair } = await setUp();
    life("a");
    const { own, child } = await pair();
    links.inherit("a", own, speech);
    const block = "x".repeat(megabyte);
    let sent = 0;
    await until("the end of the connection", async () => {
      if (!child.isClosed() && sent < 300) {
        await new Promise((resolve) => void child.socket.write(block, resolve));
        sent += 1;
      }
      return child.isClosed();
    });
    expect(own.bytesRead).toBeLessThan(10 * megabyte);
  },
);

test("an app that does not read is told no more than the limit", async () => {
  const { life, dial } = await setUp();
  const { talk, said } = life("a");
  const { socket } = dial();
  socket.write(hello("a"));
  await until("its hello", () => said.length === 1);
  socket.pause();
  const data = "x".repeat(megabyte);
  const told = Array.from({ length: 20 }, () => talk.tell({ type: "message", data }));
  expect(told.filter((hearers) => hearers > 0).length).toBeLessThan(8);
  expect(told.at(-1)).toBe(0);
});

test("what comes before an app connects waits, up to a limit, and goes to it when it does", async () => {
  const { life, dial } = await setUp();
  const { talk } = life("a");
  expect(talk.post("first")).toBe("sent");
  expect(talk.post("x".repeat(2 * megabyte))).toBe("full");
  const line = dial();
  line.socket.write(hello("a"));
  await until("the message", () => line.heard.join("").includes("\n"));
  expect(JSON.parse(line.heard.join(""))).toEqual({ type: "message", data: "first" });
});

test("what inherits its line gets what waits for it, and nothing waits once the line has ended or was another daemon's", async () => {
  const { links, life, pair } = await setUp();
  const { talk, said } = life("a", "inherits");
  const { own, child } = await pair();
  links.inherit("a", own, "link");
  expect(talk.post("first")).toBe("sent");
  child.socket.write(hello("a"));
  await until("its hello and the message", () => said.length === 1 && child.heard.length === 1);
  child.socket.destroy();
  await until("the end of its line", () => !talk.hears());
  expect(talk.post("second")).toBe("unreachable");
  expect(life("b", "had").talk.post("third")).toBe("unreachable");
});

test("behind a command orders go to the app, and messages to the main process that passes them on", async () => {
  const { life, dial } = await setUp();
  const { talk, said } = life("a");
  talk.main(7);
  const [main, behind] = [dial(), dial()];
  main.socket.write(hello("a"));
  behind.socket.write(hello("a", { pid: 8 }));
  await until("both", () => said.length === 2);
  const order: Down = { type: "leave" };
  expect([talk.tell(order), talk.tell({ type: "message", data: 1 })]).toEqual([1, 1]);
  await until("both to hear", () => main.heard.length === 1 && behind.heard.length === 1);
  expect([...main.heard, ...behind.heard].map((line) => JSON.parse(line) as Down)).toEqual([
    { type: "message", data: 1 },
    { type: "leave" },
  ]);
});

test("a channel of Node's kind carries messages both ways, and nothing that is Node's own", async () => {
  const { links, life, pair } = await setUp();
  const { talk, said } = life("a");
  const { own, child } = await pair();
  links.inherit("a", own, "node");
  child.socket.write(
    '"ready"\n{"cmd":"NODE_HANDLE","type":"net.Socket"}\n{"cmd":"NODE_CLUSTER"}\n',
  );
  child.socket.write('{"cmd":"NODE_XM","message":null}\n{"type":"process:msg","data":{"a":1}}\n');
  await until("two messages", () => said.length === 2);
  expect(said).toEqual([
    { type: "message", data: "ready" },
    { type: "message", data: { type: "process:msg", data: { a: 1 } } },
  ]);
  talk.post("shutdown");
  await until("its answers", () => child.heard.join("").split("\n").length === 3);
  expect(child.heard.join("")).toBe('{"cmd":"NODE_HANDLE_ACK"}\n"shutdown"\n');
});

test("no bytes that an app can write harm another app", async () => {
  const { life, dial } = await setUp();
  const { said } = life("good");
  const good = dial();
  good.socket.write(hello("good"));
  life("bad");
  const frame = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    fc.constantFrom(...Object.values(misfits)),
    fc
      .record({
        type: fc.constantFrom(
          "hello",
          "message",
          "exception",
          "unwritable",
          "stopping",
          "give",
          "took",
        ),
        v: fc.anything(),
        life: fc.anything(),
        pid: fc.anything(),
        said: fc.anything(),
        error: fc.anything(),
        why: fc.anything(),
        how: fc.anything(),
        data: fc.jsonValue(),
      })
      .map((value) => {
        try {
          return JSON.stringify(value);
        } catch {
          return "{}";
        }
      }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 20 }), async (frames) => {
      const bad = dial();
      bad.socket.end(`${hello("bad")}${frames.join("\n")}\n`);
      await until("the end of the connection", bad.isClosed);
      const before = said.length;
      good.socket.write('{"type":"beat"}\n');
      await until("the other's beat", () => said.length > before);
    }),
    { numRuns: 200 },
  );
});

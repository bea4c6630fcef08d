import { execFileSync } from "node:child_process";
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
  openSync,
  closeSync,
  statfsSync,
} from "node:fs";
import { join } from "node:path";
import { until } from "../../support/condition.ts";
import { nodeProgram, otherNodes } from "../../support/nodes.ts";
import { createScript, noCounts, type Counts } from "./script.ts";
import { kill, pause, type Random, type World } from "./world.ts";

/** Plays a kind of chaos for a number of rounds. */
export type Kind = (world: World, rounds: number, random: Random) => Promise<Counts>;

/** Something random is done, and in the middle of it something is ended or taken away. */
function busy(
  strike: (world: World, random: Random) => void,
  after?: (world: World) => void,
): Kind {
  return async (world, rounds, random) => {
    const counts = noCounts();
    const script = createScript(world, counts, random);
    for (let round = 0; round < rounds; round += 1) {
      const work = script.step();
      await pause(script.instant());
      strike(world, random);
      await work;
      after?.(world);
      await script.check();
      told(counts);
    }
    return counts;
  };
}

export const god = busy((world) => kill(world.godPid()));

export const app = busy((world, random) => {
  const mains = world.marked().filter(({ pid }) => isLeader(pid));
  const daemon = world.godPid();
  if (mains.length > 0) kill(random.oneOf(mains).pid);
  kill(daemon);
});

export const all = busy((world) => {
  // The watchdog first: it would start the next daemon at once.
  for (const pid of world.named(/exec "\$0"|^xm balancer/)) kill(pid);
  kill(world.godPid());
});

/** Descriptors run out: none is left to the daemon for a while, and at times it is killed in that. */
export const emfile = busy(
  (world, random) => {
    const pid = world.godPid();
    const open = openFiles(pid);
    if (open > 0) limitFiles(pid, open + Math.floor(random.number() * 4));
    const mains = world.marked().filter((each) => isLeader(each.pid));
    if (mains.length > 0) kill(random.oneOf(mains).pid);
    if (random.number() < 0.3) kill(pid);
  },
  (world) => limitFiles(world.godPid(), 4096),
);

/** The disk of the home is full for a while, and at times the daemon is killed in that. Runs in a file system of its own. */
export const enospc: Kind = async (world, rounds, random) => {
  const filler = join(world.folder, "filler");
  const play = busy(
    (_, chance) => {
      fill(filler, world.folder, Math.floor(chance.number() * 3) * 4096);
      const mains = world.marked().filter((each) => isLeader(each.pid));
      if (mains.length > 0) kill(chance.oneOf(mains).pid);
      if (chance.number() < 0.3) kill(world.godPid());
    },
    () => rmSync(filler, { force: true }),
  );
  return play(world, rounds, random);
};

/** The wall clock is set by up to ten years, with the daemon alive, killed, and killed while an app waits. */
export const clock: Kind = async (world, rounds, random) => {
  const counts = noCounts();
  const stamp = join(world.folder, "clock");
  const set = (offset: string): void => writeFileSync(stamp, offset);
  set("+0");
  const library = ["x86_64", "aarch64"]
    .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
    .find((path) => existsSync(path));
  if (library === undefined) throw new Error("libfaketime is not there: apt-get install faketime");
  Object.assign(world.env, {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: stamp,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    DONT_FAKE_MONOTONIC: "1",
  });
  const waits = world.put("waits.js", "setInterval(() => {}, 1e6);");
  const stays = world.put("stays.js", "setInterval(() => {}, 1e6);");
  await world.xm(["start", waits, "--name", "waits", "--restart-delay", "2s"]);
  await world.xm(["start", stays, "--name", "stays"]);
  const first = (await world.list()).find(({ name }) => name === "stays")?.pid;
  const script = createScript(world, counts, random);
  for (let round = 0; round < rounds; round += 1) {
    const victim = (await world.list()).find(({ name }) => name === "waits")?.pid ?? 0;
    kill(victim);
    const isKilled = random.number() < 0.5;
    if (isKilled) kill(world.godPid());
    set(random.oneOf(["-2d", "+30d", "-10y", "+10y", "+1", "-90", "+0"]));
    await script.step();
    await script.check();
    const found = await world.list();
    const waiting = found.find(({ name }) => name === "waits");
    if (waiting?.status !== "online" || found.find(({ name }) => name === "stays")?.pid !== first) {
      counts.forgotten += 1;
      console.log(
        `after the clock was set to ${readFileSync(stamp, "utf8")}: ${JSON.stringify(found)}`,
      );
    }
    told(counts);
  }
  return counts;
};

/** The daemon is killed between calls under two versions of Node, several of them at once. */
export const nodes: Kind = async (world, rounds, random) => {
  const counts = noCounts();
  const programs = [process.execPath, ...(await Promise.all(otherNodes.map(nodeProgram)))];
  const script = createScript(world, counts, random);
  for (let round = 0; round < rounds; round += 1) {
    const work = script.step(random.oneOf(programs));
    await pause(script.instant());
    kill(world.godPid());
    await Promise.all([work, ...programs.map((node) => world.xm(["ls"], node))]);
    await script.check();
    const gods = world.named(/God Daemon/);
    if (gods.length > 1) {
      counts.doubled += 1;
      console.log(`doubled: Gods ${gods.join(", ")}`);
    }
    told(counts);
  }
  return counts;
};

const lines = `
let n = 0;
setInterval(() => { for (let i = 0; i < 5; i += 1) console.log('line ' + (n += 1)); }, 10);
process.on('SIGINT', () => { console.log('last ' + n); process.exit(); });`;

/** The log lane, the daemon and the watchdog are killed in all mixes under an app that writes 500 numbered lines a second. */
export const lane: Kind = async (world, rounds, random) => {
  const counts = noCounts();
  await world.xm(["start", world.put("lines.js", lines), "--name", "lines", "--time"]);
  const script = createScript(world, counts, random);
  for (let round = 0; round < rounds; round += 1) {
    await pause(random.number() * 700);
    const mix = 1 + Math.floor(random.number() * 7);
    const daemon = world.godPid();
    if ((mix & 4) !== 0) for (const pid of world.named(/exec "\$0"/)) kill(pid);
    if ((mix & 2) !== 0) kill(daemon);
    if ((mix & 1) !== 0) for (const pid of world.named(/^xm log lane/)) kill(pid);
    await script.check();
    told(counts);
  }
  await world.xm(["stop", "lines"]);
  const file = join(world.paths.logs, "lines-out.log");
  const text = await until(
    "the last line",
    () => {
      const now = readFileSync(file, "utf8");
      return /last \d+\n$/.test(now) && now;
    },
    { withinMs: 30_000, saw: () => readFileSync(file, "utf8").slice(-300) },
  );
  const numbers = [...text.matchAll(/: line (\d+)$/gm)].map(([, number]) => Number(number));
  const last = Number(/last (\d+)\n$/.exec(text)?.[1]);
  counts.linesDoubled = numbers.length - new Set(numbers).size;
  counts.linesLost = last - new Set(numbers).size;
  console.log(`lane: ${last} lines`);
  return counts;
};

function told(counts: Counts): void {
  if (counts.rounds % 10 === 0) console.log(JSON.stringify(counts));
}

/** Its parent is the daemon or a balancer, and not another process of the app. */
function isLeader(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(group) === pid;
  } catch {
    return false;
  }
}

function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

function limitFiles(pid: number, most: number): void {
  try {
    execFileSync("prlimit", ["--pid", String(pid), `--nofile=${most}:`], { stdio: "ignore" });
  } catch {
    // It has been killed: the next one has its own limit.
  }
}

/** Fills a file system but for some bytes. */
function fill(file: string, folder: string, leftBytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  const descriptor = openSync(file, "w");
  try {
    const block = Buffer.alloc(4096);
    for (let left = bavail * bsize - leftBytes; left > 0; left -= block.length)
      writeSync(descriptor, block, 0, Math.min(left, block.length));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  } finally {
    closeSync(descriptor);
  }
}

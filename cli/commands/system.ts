import { statfsSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { readIfThere } from "../../runtime/host/files/read.ts";
import { xmCommand } from "../call/command.ts";

/** Rates are taken over this time. */
const sampleMs = 100;

export default xmCommand({
  name: "slist",
  description: "Prints machine metrics as JSON, under PM2's names",
  args: {},
  run: async () => {
    const before = look();
    await new Promise((resolve) => {
      setTimeout(resolve, sampleMs);
    });
    process.stdout.write(`${JSON.stringify(figures(before, look()), null, 2)}\n`);
  },
});

interface Look {
  readonly at: number;
  readonly busyMs: number;
  readonly idleMs: number;
  readonly readSectors: number;
  readonly writtenSectors: number;
}

interface Figure {
  readonly value: number;
  readonly type: "metric";
  readonly unit: string;
  readonly historic: true;
}

function figures(before: Look, after: Look): Record<string, Figure> {
  const busy = after.busyMs - before.busyMs;
  const all = busy + after.idleMs - before.idleMs;
  const total = totalmem();
  const available = availableMemory();
  const { bsize, blocks, bfree, bavail } = statfsSync("/");
  const used = blocks - bfree;
  const rate = (sectors: number): number =>
    ((sectors * 512) / 1_048_576 / (after.at - before.at)) * 1_000;
  return {
    "CPU Usage": figure(all === 0 ? 0 : (busy / all) * 100, "%"),
    "RAM Usage": figure(((total - available) / total) * 100, "%"),
    "RAM Total": figure(total, "b"),
    "RAM Available": figure(available, "b"),
    "RAM Active": figure(total - available, "b"),
    "Disk Reads": figure(rate(after.readSectors - before.readSectors), "mb/s"),
    "Disk Writes": figure(rate(after.writtenSectors - before.writtenSectors), "mb/s"),
    "fs:use:/": figure(used === 0 ? 0 : (used / (used + bavail)) * 100, "%"),
    "fs:size:/": figure((blocks * bsize) / 1_073_741_824, "gb"),
  };
}

function figure(value: number, unit: string): Figure {
  return { value: Math.round(value * 100) / 100, type: "metric", unit, historic: true };
}

function look(): Look {
  let busyMs = 0;
  let idleMs = 0;
  for (const { times } of cpus()) {
    idleMs += times.idle;
    busyMs += times.user + times.nice + times.sys + times.irq;
  }
  return { at: performance.now(), busyMs, idleMs, ...sectors() };
}

/** Of whole disks, without their partitions and without what only points to them (proc_diskstats(5)). */
function sectors(): Pick<Look, "readSectors" | "writtenSectors"> {
  let readSectors = 0;
  let writtenSectors = 0;
  for (const line of (readIfThere("/proc/diskstats") ?? "").split("\n")) {
    const [, , name = "", , , read = "0", , , , written = "0"] = line.trim().split(/\s+/);
    if (!/^([sv]d[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/.test(name)) continue;
    readSectors += Number(read);
    writtenSectors += Number(written);
  }
  return { readSectors, writtenSectors };
}

function availableMemory(): number {
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readIfThere("/proc/meminfo") ?? "")?.[1];
  return Number(kilobytes ?? 0) * 1_024;
}

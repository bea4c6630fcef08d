// The programs of `limits-in-machine.sh`: `node limits-apps.cjs WHAT`.
const { spawn, spawnSync } = require("node:child_process");
const what = process.argv[2];
const stay = () => setInterval(() => {}, 1e6);
const grow = () => {
  const kept = [];
  const timer = setInterval(() => kept.push(Buffer.alloc(8 << 20, 1)), 20);
  return timer;
};

if (what === "grow") grow();
else if (what === "parent-of-grow") {
  spawn(process.execPath, [__filename, "grow"], { stdio: "ignore" });
  stay();
} else if (what === "burn") for (;;);
else if (what === "forks") {
  let failed = 0;
  for (let n = 0; n < 30; n += 1) {
    const child = spawn("sleep", ["1000"], { stdio: "ignore" });
    child.on("error", () => (failed += 1));
  }
  setTimeout(() => console.log(`failed ${failed > 0}`), 1_000);
  stay();
} else if (what === "escapes") {
  const env = { ...process.env };
  delete env.XM_LIFE;
  spawn("setsid", ["sleep", "7777"], { stdio: "ignore", env, detached: true }).unref();
  stay();
} else if (what === "climbs") {
  // As another user: into the group of the whole machine, and to a larger limit.
  const own = require("node:fs").readFileSync("/proc/self/cgroup", "utf8").trim().slice(3);
  for (const [file, text] of [
    ["/sys/fs/cgroup/cgroup.procs", "0"],
    [`/sys/fs/cgroup${own}/memory.max`, "max"],
    [`/sys/fs/cgroup${own}/cgroup.procs`, "0"],
  ]) {
    const { status } = spawnSync("sh", ["-c", `echo ${text} > ${file}`], { stdio: "ignore" });
    console.log(status === 0 ? "climbed" : "refused");
  }
  stay();
} else if (what === "worker") {
  require("node:http")
    .createServer((_, answer) => answer.end())
    .listen(8099);
  setTimeout(grow, 500);
} else stay();

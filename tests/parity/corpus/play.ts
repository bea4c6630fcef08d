import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { until } from "../../support/condition.ts";
import type { Listed, Stage } from "../stage.ts";
import { foundOf, isFailing, toldIn, type Ran } from "./found.ts";
import type { Shape } from "./shape.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/corpus");

/** Commands that stand in PATH; those in the first list begin with Node's line, as npm's do. */
const ofNode = ["npm", "npx", "yarn", "pnpm", "tsx", "ts-node", "next", "nodemon", "cross-env"];
const ofTheMachine = [
  "python3",
  "python",
  "gunicorn",
  "uvicorn",
  "celery",
  "bun",
  "deno",
  "php",
  "ruby",
  "bundle",
  "java",
  "dotnet",
  "caddy",
  "perl",
];

/** Plays a shape: starts the file, looks at what runs and what was written, then does what people do next. */
export async function play(s: Stage, shape: Shape): Promise<void> {
  const told = join(s.folder, "told");
  const project = projectOf(s, shape);
  const options = {
    cwd: project,
    env: {
      PATH: `${project}/bin:${dirname(process.execPath)}:/usr/bin:/bin`,
      PWD: project,
      CORPUS_TOLD: told,
      ...shape.variables,
    },
  };
  build(s, shape);
  const before = filesIn(s.folder);
  const target = shape.isInput ? "-" : shape.file;
  const call = (command: string, ...flags: string[]) =>
    s.call([command, target, ...flags], {
      ...options,
      ...(shape.isInput ? { input: shape.content } : {}),
    });
  s.see("start", (await call("start", ...shape.flags)).code);
  const { list, ran } = await settled(s, told);
  // Ex Machina shows the defaults, too.
  s.see(
    "apps…",
    list.map((each) => foundOf(each)),
  );
  s.see("ran…", ran.map((each) => each.seen).sort(byInstance));
  s.see(
    "files",
    filesIn(s.folder).filter((file) => !before.includes(file)),
  );
  for (const command of ["restart", "reload", "stop", "delete"]) {
    const flags = command === "restart" || command === "reload" ? shape.flags : [];
    s.see(command, (await call(command, ...flags)).code);
  }
}

/** What PM2 and the stand-ins write is not in a project that is watched: PM2 would restart for ever. */
function projectOf(s: Stage, shape: Shape): string {
  return shape.isWatched ? join(s.folder, "project") : s.folder;
}

function build(s: Stage, shape: Shape): void {
  const project = projectOf(s, shape);
  for (const name of ofNode)
    place(s, `${project}/bin/${name}`, "tells.cjs", "#!/usr/bin/env node\n");
  for (const name of ofTheMachine) place(s, `${project}/bin/${name}`, "tells.sh");
  for (const path of shape.programs) {
    if (path.endsWith("/")) mkdirSync(join(project, path), { recursive: true });
    else if (/\.[cm]?[jt]sx?$/.test(path)) place(s, join(project, path), "tells.cjs");
    else if (path.startsWith("node_modules/.bin/") || path.endsWith("/cli"))
      place(s, join(project, path), "tells.cjs", "#!/usr/bin/env node\n");
    else place(s, join(project, path), "tells.sh");
  }
  for (const [path, content] of Object.entries(shape.files)) s.write(join(project, path), content);
  if (!shape.isInput) s.write(join(project, shape.file), shape.content);
}

function place(s: Stage, path: string, fixture: string, first = ""): void {
  s.write(path, first + readFileSync(join(fixtures, fixture), "utf8"));
}

/** Waits until each process has told of itself, or has ended. */
function settled(s: Stage, told: string): Promise<{ list: Listed[]; ran: Ran[] }> {
  const look = async () => {
    const list = await s.list();
    const ran = toldIn(told);
    const isSettled = list.every(
      (each) =>
        ["stopped", "errored"].includes(each.pm2_env.status) ||
        isFailing(each) ||
        (each.pm2_env.status === "online" && ran.some(({ pid }) => each.pid === pid)),
    );
    return isSettled && { list, ran };
  };
  return until("every process to have told of itself", look, { withinMs: 60_000 });
}

/** Every file below a folder but the managers' own. */
function filesIn(folder: string, below = ""): string[] {
  if (!existsSync(join(folder, below))) return [];
  return readdirSync(join(folder, below), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(below, entry.name);
      if (["node_modules/manager", "told", "user"].includes(path)) return [];
      if (below === "h" && !["logs", "pids"].includes(entry.name)) return [];
      return entry.isDirectory() ? filesIn(folder, path) : [path];
    })
    .sort();
}

function byInstance(a: Ran["seen"], b: Ran["seen"]): number {
  const [first, second] = [a, b].map(({ app, env }) => {
    const { namespace, NODE_APP_INSTANCE: instance } = env as Record<string, string>;
    return `${String(app)} ${namespace} ${instance}`;
  });
  return (first ?? "") < (second ?? "") ? -1 : 1;
}

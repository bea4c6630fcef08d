import fc from "fast-check";
import { expect, test } from "vitest";
import type { GroupSpec, Membership } from "../../machines/group-spec.ts";
import type { AppSpec } from "../../machines/spec.ts";
import {
  isSupervisor,
  OtpSupervisor,
  type ChildDraft,
  type SupervisorDraft,
} from "../support/machines/otp-supervisor.ts";
import { SimulatedGod, type Behaviour } from "../support/machines/simulated-god.ts";
import { appSpec } from "../support/machines/spec.ts";

/** The long run: XM_FUZZ_RUNS=5000 npx vitest run --project model tests/model/groups.test.ts */
const fuzz = {
  seed: Number(process.env["XM_FUZZ_SEED"] ?? 20_260_101),
  numRuns: Number(process.env["XM_FUZZ_RUNS"] ?? 800),
};

const windowMs = 100_000_000;

const strategy = fc.constantFrom("one_for_one", "one_for_all", "rest_for_one");
const autoShutdown = fc.constantFrom("never", "never", "any_significant", "all_significant");
const settings = { strategy, autoShutdown, maxRestarts: fc.nat(4), isSignificant: fc.boolean() };

const child = fc.record({
  restart: fc.constantFrom("permanent", "permanent", "transient", "temporary"),
  isSignificant: fc.boolean(),
  starts: fc.array(fc.boolean(), { maxLength: 4 }),
});

/** Within a group that is started as a whole: a failure to start would be that of the group, and OTP's own affair. */
const innerChild = fc.record({
  restart: fc.constantFrom("permanent", "transient"),
  isSignificant: fc.boolean(),
  starts: fc.constant([] as boolean[]),
});

const inner = fc.record({
  ...settings,
  children: fc.array(innerChild, { minLength: 1, maxLength: 3 }),
});

const supervisor = fc.record({
  ...settings,
  children: fc.array(fc.oneof({ arbitrary: child, weight: 3 }, inner), {
    minLength: 1,
    maxLength: 5,
  }),
});

type Drawn = (typeof supervisor extends fc.Arbitrary<infer T> ? T : never)["children"][number];

/** Names, and what OTP refuses: a permanent child is not significant, and none is where nothing shuts down. */
function named(
  drawn: Omit<SupervisorDraft, "name" | "children"> & { readonly children: readonly Drawn[] },
  name: string,
): SupervisorDraft {
  const mayBeSignificant = drawn.autoShutdown !== "never";
  const children = drawn.children.map((each, index): ChildDraft | SupervisorDraft => {
    const own = `${name}${index}`;
    const isSignificant = mayBeSignificant && each.isSignificant;
    if ("children" in each) return { ...named(each, own), isSignificant };
    // The first start is that of the supervisor, which is another matter.
    const starts = [true, ...each.starts];
    return {
      ...each,
      name: own,
      starts,
      isSignificant: isSignificant && each.restart !== "permanent",
    };
  });
  return { ...drawn, name, children };
}

type Step = { readonly do: (typeof deeds)[number]; readonly of: number; readonly ms: number };

const deeds = ["crash", "crash", "crash", "exit", "exit", "stop", "start", "wait"] as const;

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom(...deeds),
  of: fc.nat(100),
  ms: fc.nat(12),
});

const modes = { permanent: "always", transient: "on-failure", temporary: "never" } as const;

function worldOf(root: SupervisorDraft): { specs: AppSpec[]; behaviours: Map<string, Behaviour> } {
  const behaviours = new Map<string, Behaviour>();
  const specs: AppSpec[] = [];
  const visit = (draft: SupervisorDraft, around: readonly GroupSpec[], order: number): void => {
    const { name, strategy: kind, maxRestarts, autoShutdown: shutdown, isSignificant } = draft;
    const groups = [
      ...around,
      {
        name,
        strategy: kind,
        maxRestarts,
        restartWindowMs: windowMs,
        autoShutdown: shutdown,
        namespace: null,
        order,
        isSignificant,
      },
    ];
    for (const [index, each] of draft.children.entries()) {
      if (isSupervisor(each)) {
        visit(each, groups, index);
        continue;
      }
      const group: Membership = { groups, order: index, isSignificant: each.isSignificant };
      const ends = each.starts.map((isUp) => (isUp ? null : { afterMs: 1, code: 1 }));
      behaviours.set(each.name, { readyMs: 5, stopMs: 3, ends: [...ends, null] });
      specs.push(
        appSpec({
          spec: { name: each.name, group },
          policy: { readiness: "message", listenTimeoutMs: 500 },
          restart: { mode: modes[each.restart], maxRestarts: 1_000, minUptimeMs: 0 },
        }),
      );
    }
  };
  visit(root, [], 0);
  return { specs, behaviours };
}

interface Played {
  readonly trace: readonly string[];
  readonly expected: readonly string[];
  readonly running: readonly string[];
  readonly wanted: readonly string[];
  readonly orphans: readonly string[];
}

/** Plays steps on the machines and on the reference; after each step both come to rest. */
async function play(
  root: SupervisorDraft,
  steps: readonly Step[],
  disturb: (god: SimulatedGod, step: Step) => Promise<void>,
): Promise<Played[]> {
  const { specs, behaviours } = worldOf(root);
  let trace: string[] = [];
  const god = await SimulatedGod.begin({
    specs,
    behaviours,
    seen: ({ app }, what) => trace.push(`${what === "asked" ? "-" : "+"}${app}`),
  });
  const otp = new OtpSupervisor(root);
  god.declare();
  god.clock.advance(1_000);
  const played: Played[] = [];
  for (const each of steps) {
    trace = [];
    otp.trace = [];
    const name = specs[each.of % specs.length]?.name ?? "";
    if (!otp.isUp) break;
    if (!otp.isSupervised(name)) continue;
    if (each.do === "wait") {
      otp.wait();
      god.clock.advance(2 * windowMs);
    } else if (each.do === "crash" || each.do === "exit") {
      otp.end(name, each.do === "crash");
      for (const life of god.living(name)) god.exit(life, each.do === "crash" ? 1 : 0);
    } else {
      otp[each.do](name);
      god.command(each.do, name);
    }
    await disturb(god, each);
    god.clock.advance(10_000);
    const living = specs.map((spec) => spec.name).filter((app) => god.living(app).length > 0);
    const waiting = specs.map((spec) => spec.name).filter((app) => god.facts(app).held === true);
    played.push({
      trace,
      expected: otp.trace,
      running: living,
      wanted: otp.running(),
      orphans: waiting,
    });
  }
  god.actor.stop();
  return played;
}

test("a group does what an OTP supervisor does, step by step", async () => {
  const counts = { started: 0, stopped: 0, restarts: 0, ended: 0 };
  await fc.assert(
    fc.asyncProperty(supervisor, fc.array(step, { maxLength: 8 }), async (drawn, steps) => {
      const root = named(drawn, "g");
      const played = await play(root, steps, () => Promise.resolve());
      for (const { trace, expected, running, wanted, orphans } of played) {
        expect({ trace, running, orphans }).toEqual({
          trace: expected,
          running: wanted,
          orphans: [],
        });
        counts.started += trace.filter((each) => each.startsWith("+")).length;
        counts.stopped += trace.filter((each) => each.startsWith("-")).length;
        counts.restarts += trace.length > 2 ? 1 : 0;
        counts.ended += running.length === 0 ? 1 : 0;
      }
    }),
    fuzz,
  );
  // Each of these happens often, or the runs would prove nothing.
  expect(Math.min(counts.started, counts.stopped)).toBeGreaterThan(fuzz.numRuns);
  expect(Math.min(counts.restarts, counts.ended)).toBeGreaterThan(fuzz.numRuns / 10);
}, 1_200_000);

test("a God that dies at any moment is followed by one that does the rest of it", async () => {
  let deaths = 0;
  await fc.assert(
    fc.asyncProperty(supervisor, fc.array(step, { maxLength: 6 }), async (drawn, steps) => {
      const root = named(drawn, "g");
      const played = await play(root, steps, async (god, { ms }) => {
        god.clock.advance(ms);
        await god.die(0);
        deaths += 1;
      });
      for (const { trace, expected, running, wanted, orphans } of played)
        expect({ trace, running, orphans }).toEqual({
          trace: expected,
          running: wanted,
          orphans: [],
        });
    }),
    { ...fuzz, numRuns: Math.ceil(fuzz.numRuns / 10) },
  );
  expect(deaths).toBeGreaterThan(fuzz.numRuns / 10);
}, 1_200_000);

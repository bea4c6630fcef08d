import { defineConfig } from "vitest/config";

const project = (name: string, options: object = {}) => ({
  extends: true as const,
  test: { name, include: [`tests/${name}/**/*.test.ts`], ...options },
});

/** Real processes on two cores: a deadline states "hung", it is never the thing measured. */
const realProcesses = { testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  // XState compiles its own checks out unless this condition is set.
  resolve: { conditions: ["development"] },
  ssr: { resolve: { conditions: ["development"] } },
  test: {
    maxConcurrency: 6,
    // They wait more than they compute.
    maxWorkers: 2,
    projects: [
      project("unit", { testTimeout: 30_000 }),
      project("model", { testTimeout: 180_000 }),
      project("integration", realProcesses),
      project("e2e", realProcesses),
      project("hostile", { testTimeout: 600_000, hookTimeout: 60_000 }),
      project("realworld", { testTimeout: 180_000, hookTimeout: 300_000 }),
      project("parity", {
        globalSetup: "tests/parity/set-up.ts",
        testTimeout: 120_000,
        hookTimeout: 60_000,
      }),
    ],
  },
});

import type {
  AppSpec,
  LifecyclePolicy,
  RestartPolicy,
  SensorSpec,
} from "../../../machines/spec.ts";
import { plainSpec } from "../../../runtime/contract/fields/plain-spec.ts";

/** An app with PM2's defaults, and what a test changes of its policy. */
export function appSpec(
  change: {
    restart?: Partial<RestartPolicy>;
    policy?: Partial<Omit<LifecyclePolicy, "restart">>;
    sensors?: Partial<SensorSpec>;
    spec?: Partial<AppSpec>;
  } = {},
): AppSpec {
  const { policy, sensors } = plainSpec;
  return {
    ...plainSpec,
    interpreter: "node",
    pidFile: "/app.pid",
    ...change.spec,
    policy: {
      ...policy,
      ...change.policy,
      restart: { ...policy.restart, ...change.restart },
    },
    sensors: { ...sensors, ...change.sensors },
  };
}

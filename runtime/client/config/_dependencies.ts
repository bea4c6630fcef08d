import type { DependencyCondition, DependencySpec } from "../../../machines/spec.ts";

/** Compose's words, and process-compose's. */
const conditions: ReadonlyMap<unknown, DependencyCondition> = new Map<unknown, DependencyCondition>(
  [
    [undefined, "usual"],
    ["service_started", "started"],
    ["service_healthy", "healthy"],
    ["service_completed", "completed"],
    ["service_completed_successfully", "succeeded"],
    ["process_started", "started"],
    ["process_healthy", "healthy"],
    ["process_completed", "completed"],
    ["process_completed_successfully", "succeeded"],
  ],
);

/** A list of names, or an object of conditions by name; `undefined` for what is neither. */
export function readDependencies(value: unknown): DependencySpec[] | undefined {
  if (typeof value === "string") return named(value.split(",").map((name) => name.trim()));
  if (Array.isArray(value)) return named(value);
  if (typeof value !== "object" || value === null) return undefined;
  const read = Object.entries(value).map(([app, given]) => readOne(app, given));
  return read.every((each) => each !== undefined) ? read : undefined;
}

function named(names: readonly unknown[]): DependencySpec[] | undefined {
  const isSound = names.every((name): name is string => typeof name === "string" && isName(name));
  return isSound
    ? [...new Set(names)].map((app) => ({ app, condition: "usual", isRequired: true }))
    : undefined;
}

const losses = ["keep", "stop", "restart"] as const;

/** `{ condition, required, restart, on_loss }`, the condition alone, or nothing more than the name. */
function readOne(app: string, given: unknown): DependencySpec | undefined {
  if (!isName(app)) return undefined;
  const long = typeof given === "string" ? { condition: given } : (given ?? {});
  if (typeof long !== "object" || Array.isArray(long)) return undefined;
  const words = long as Record<string, unknown>;
  const { condition: word, required = true, restart = false, on_loss, ...others } = words;
  const condition = conditions.get(word);
  const onLoss = losses.find((each) => each === (on_loss ?? "keep"));
  const isSound =
    typeof required === "boolean" &&
    typeof restart === "boolean" &&
    Object.keys(others).length === 0;
  if (condition === undefined || onLoss === undefined || !isSound) return undefined;
  // What has done its work is neither lost nor restarted.
  const isJob = condition === "completed" || condition === "succeeded";
  if (isJob && (restart || onLoss !== "keep")) return undefined;
  return {
    app,
    condition,
    isRequired: required,
    ...(onLoss === "keep" ? {} : { onLoss }),
    ...(restart ? { followsRestarts: true } : {}),
  };
}

function isName(name: string): boolean {
  return name !== "" && name.length <= 255 && !name.includes("\0");
}

import { shown, fieldsOf, isText, present, textsOf, type Fields, type NewApp } from "./imported.ts";

/** `depends_on` in both forms; the short one waits until a container was started. */
export function dependenciesOf(value: unknown): [name: string, wait: NewApp][] {
  const names = textsOf(value);
  if (names !== undefined) return names.map((name) => [name, { condition: "service_started" }]);
  return Object.entries(fieldsOf(value) ?? {}).map(([name, each]) => [name, { ...fieldsOf(each) }]);
}

/** Compose restarts nothing by default; a job is not run again unless it failed. */
export function restartOf(
  value: unknown,
  { isJob, extendsOther }: { readonly isJob: boolean; readonly extendsOther: boolean },
): NewApp {
  if (value === undefined && extendsOther) return {};
  const [word = "no", count] = isText(value) ? value.split(":") : [];
  if (word === "on-failure") {
    return { restart: "on-failure", max_restarts: count === undefined ? undefined : Number(count) };
  }
  if (word === "no") return isJob ? {} : { restart: "never" };
  return { restart: isJob ? "on-failure" : "always" };
}

/** Its health is what `service_healthy` waits for. */
export function healthOf(value: unknown, at: string, notes: string[]): NewApp | undefined {
  const given = fieldsOf(value);
  if (given === undefined || given["disable"] === true) return undefined;
  const { test, interval, timeout, retries, start_period, ...others } = given;
  for (const field of Object.keys(others)) {
    if (field !== "disable") notes.push(`${at}.healthcheck.${field}: no field for it`);
  }
  const command = commandOf(test);
  if (command === undefined) return undefined;
  return present({
    exec: { command },
    initial_delay: start_period,
    period: interval ?? "30s",
    timeout: timeout ?? "30s",
    failure_threshold: retries ?? 3,
  });
}

/** A line for a shell, with the words of a list quoted where they need it. */
function commandOf(test: unknown): string | undefined {
  if (isText(test)) return test;
  const [kind, ...words] = textsOf(test) ?? [];
  if (kind === "CMD-SHELL") return words.join(" ");
  if (kind !== "CMD") return undefined;
  return words
    .map((each) =>
      /^[\w@%+=:,./-]+$/.test(each) ? each : `'${each.replaceAll("'", String.raw`'\''`)}'`,
    )
    .join(" ");
}

interface Taken {
  readonly fields: NewApp;
  readonly taken: readonly string[];
}

/** Rights and limits of the process itself, and those of a container's cgroup. */
export function confinementFields(given: Fields, at: string, notes: string[]): Taken {
  const { ulimits, oom_score_adj, group_add, cap_add, cap_drop, security_opt } = given;
  const options = textsOf(security_opt) ?? [];
  const dropsAll = (textsOf(cap_drop) ?? []).some((each) => each.toUpperCase() === "ALL");
  const isNoNew = options.some((each) => /^no-new-privileges(?:[:=]true)?$/.test(each));
  const others = options.filter((each) => !each.startsWith("no-new-privileges"));
  if (others.length > 0) notes.push(`${at}.security_opt: no field for ${others.join(", ")}`);
  if (!dropsAll && (cap_drop !== undefined || cap_add !== undefined))
    notes.push(
      `${at}.cap_add, cap_drop: an app has all capabilities of its user, or only those of a list`,
    );
  const names = (textsOf(cap_add) ?? []).map((each) => each.toLowerCase().replace(/^cap_/, ""));
  return {
    fields: {
      limits: ulimits,
      oom_score_adjust: oom_score_adj,
      supplementary_groups: group_add,
      no_new_privileges: isNoNew ? true : undefined,
      ...groupLimits({
        memory: given["mem_limit"],
        cpus: given["cpus"],
        pids: given["pids_limit"],
      }),
      ...(dropsAll ? { capabilities: names } : {}),
    },
    taken: [
      "ulimits",
      "oom_score_adj",
      "group_add",
      "cap_add",
      "cap_drop",
      "security_opt",
      "mem_limit",
      "cpus",
      "pids_limit",
    ],
  };
}

/** Limits of a service, or of `deploy.resources.limits`: Docker writes sizes as `512m` or `1gb`, and 0 or -1 for none. */
export function groupLimits({ memory, cpus, pids }: Fields): NewApp {
  const isNone = (value: unknown): boolean =>
    value === undefined || value === null || Number(value) === 0 || Number(value) === -1;
  return {
    ...(isNone(memory)
      ? {}
      : { memory_max: isText(memory) ? memory.toUpperCase().replace(/B$/, "") : memory }),
    ...(isNone(cpus) ? {} : { cpu_max: Number(cpus) }),
    ...(isNone(pids) ? {} : { pids_max: Number(pids) }),
  };
}

/** The rotation of Docker's usual drivers. */
export function loggingOf(value: unknown): { readonly fields: NewApp; readonly taken: boolean } {
  const { driver = "json-file", options } = fieldsOf(value) ?? {};
  const given = fieldsOf(options) ?? {};
  const { "max-size": size, "max-file": files, compress, ...others } = given;
  const isUsual = driver === "json-file" || driver === "local";
  if (!isUsual || Object.keys(others).length > 0) return { fields: {}, taken: value === undefined };
  return {
    fields: {
      log_max_size: isText(size) ? size.toUpperCase() : size,
      log_retain: files === undefined ? undefined : Number(files),
      log_compress: compress === undefined ? undefined : shown(compress) === "true",
    },
    taken: true,
  };
}

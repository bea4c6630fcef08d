import type { BootPlan } from "./plan.ts";

/** A command of the service manager. */
export type Step = readonly string[];

/** Tells the service manager of a new service, starts it and has it started at every boot. */
export function enableSteps({ system, isUser, service, unit, user }: BootPlan): Step[] {
  if (system === "systemd") {
    const systemctl = isUser ? ["systemctl", "--user"] : ["systemctl"];
    const linger = isUser ? [["loginctl", "enable-linger", user]] : [];
    return [
      [...systemctl, "daemon-reload"],
      [...systemctl, "enable", `${service}.service`],
      ...linger,
      [...systemctl, "restart", `${service}.service`],
    ];
  }
  if (system === "openrc") {
    return [
      ["rc-update", "add", service, "default"],
      ["rc-service", service, "start"],
    ];
  }
  if (system === "runit") return [["ln", "-sfn", `/etc/sv/${service}`, `/etc/service/${service}`]];
  if (system === "s6") return [["s6-rc-bundle-update", "add", "default", service]];
  const domain = isUser ? `gui/${process.getuid?.() ?? 0}` : "system";
  return [
    ["launchctl", "bootstrap", domain, unit],
    ["launchctl", "kickstart", `${domain}/${service}`],
  ];
}

/** No longer started at boot; the running daemon is left alone. */
export function disableSteps({ system, isUser, service }: BootPlan): Step[] {
  if (system === "systemd") {
    return [
      [...(isUser ? ["systemctl", "--user"] : ["systemctl"]), "disable", `${service}.service`],
    ];
  }
  if (system === "openrc") return [["rc-update", "del", service]];
  if (system === "runit") return [["rm", "-f", `/etc/service/${service}`]];
  if (system === "s6") return [["s6-rc-bundle-update", "delete", "default", service]];
  return [
    ["launchctl", "disable", `${isUser ? `gui/${process.getuid?.() ?? 0}` : "system"}/${service}`],
  ];
}

/** After its files are gone. */
export function forgetSteps({ system, isUser }: BootPlan): Step[] {
  if (system !== "systemd") return [];
  return [[...(isUser ? ["systemctl", "--user"] : ["systemctl"]), "daemon-reload"]];
}

/** Asks whether it starts at boot and runs; each ends with 0 when it does. */
export function checkSteps({ system, isUser, service }: BootPlan): Step[] {
  if (system === "openrc") return [["rc-service", service, "status"]];
  if (system === "runit") return [["sv", "status", service]];
  if (system === "s6") return [["s6-svstat", "-u", `/run/service/${service}`]];
  if (system === "launchd") {
    return [
      ["launchctl", "print", `${isUser ? `gui/${process.getuid?.() ?? 0}` : "system"}/${service}`],
    ];
  }
  const systemctl = isUser ? ["systemctl", "--user"] : ["systemctl"];
  return [
    [...systemctl, "is-enabled", "--quiet", `${service}.service`],
    [...systemctl, "is-active", "--quiet", `${service}.service`],
  ];
}

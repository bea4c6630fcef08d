import { cpus, freemem, hostname, loadavg, networkInterfaces, totalmem, uptime } from "node:os";
import { toPm2Process } from "../../compat/jlist.ts";
import type { ProcessDetail } from "../connection/types.ts";

/** What PM2's `web` answers: the machine, and the list of `jlist`. No variable of any app is in it. */
export function webReport(processes: readonly ProcessDetail[]): object {
  return {
    system_info: { hostname: hostname(), uptime: uptime() },
    monit: {
      loadavg: loadavg(),
      total_mem: totalmem(),
      free_mem: freemem(),
      cpu: cpus(),
      interfaces: networkInterfaces(),
    },
    processes: processes.map((each) => toPm2Process(withoutVariables(each))),
  };
}

/** Environments hold secrets. */
function withoutVariables(detail: ProcessDetail): ProcessDetail {
  const passthrough = Object.fromEntries(
    Object.entries(detail.spec.passthrough).filter(([name]) => !/^(env|filter_env)/.test(name)),
  );
  return { ...detail, spec: { ...detail.spec, env: {}, incrementVariable: null, passthrough } };
}

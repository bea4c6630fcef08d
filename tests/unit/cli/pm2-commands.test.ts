import { expect, test } from "vitest";
import { absences, absentCommand } from "../../../cli/call/absent.ts";
import { commands } from "../../../cli/commands/index.ts";

/** Every command that PM2 7's help names, with its other names. */
const pm2Commands =
  "start trigger deploy startOrRestart startOrReload pid create startOrGracefulReload stop restart scale profile:mem profile:cpu reload id inspect delete del sendSignal ping updatePM2 update install module:install module:update module:generate uninstall module:uninstall package publish module:publish set multiset get conf config unset report link unlink monitor unmonitor open plus register login logout dump save cleardump send attach resurrect unstartup startup logrotate ecosystem init reset describe desc info show env list ls l ps status jlist slist sysinfos prettylist monit imonit dashboard dash flush reloadLogs logs kill pull forward backward deepUpdate serve expose autoinstall examples install-otel uninstall-otel".split(
    " ",
  );

/** Not built yet, and no reason to send anybody away. */
const elsewhere = new Set(["reloadLogs"]);

const own = new Set(commands.flatMap(({ name, aliases }) => [name, ...aliases]));

test.each(pm2Commands)("PM2's `%s` is here, or says why not and what to do instead", (name) => {
  const absent = absentCommand(name);
  if (own.has(name) || elsewhere.has(name)) {
    expect(own.has(name) && absent !== undefined).toBe(false);
    return;
  }
  expect(absent).toMatchObject({
    code: "ERR_COMMAND_ABSENT",
    message: expect.stringContaining(`\`xm ${name}\``) as string,
    fix: expect.stringMatching(/.{10}/) as string,
  });
});

test("nothing is called absent that PM2 does not have, nor what is here", () => {
  for (const name of absences().flatMap(({ names }) => names)) {
    expect(pm2Commands).toContain(name);
    expect(own).not.toContain(name);
  }
  expect(absentCommand("nonsense")).toBeUndefined();
  expect(absentCommand("constructor")).toBeUndefined();
});

test("no two commands share a name", () => {
  const names = commands.flatMap(({ name, aliases }) => [name, ...aliases]);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

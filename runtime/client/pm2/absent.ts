/** Why something of PM2's is not here, and what is done instead. */
export interface Absence {
  readonly what: string;
  readonly fix: string;
}

export const boot: Absence = {
  what: "a program does not write boot scripts",
  fix: "run `xm startup`; after a boot the daemon starts what ran by itself",
};

export const modules: Absence = {
  what: "a module is a program like any other, and npm is what installs it",
  fix: "`npm install NAME` in a folder of its own, then `xm start node_modules/NAME/SCRIPT --name NAME`: its metrics and actions are in `xm describe NAME`",
};

export const monitoring: Absence = {
  what: "the daemon does not watch the machine",
  fix: "`xm slist` prints its figures when they are asked for",
};

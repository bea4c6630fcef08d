/** Why something of PM2's is not here, and what is done instead. */
export interface Absence {
  readonly what: string;
  readonly fix: string;
}

export const boot: Absence = {
  what: "the API does not write boot scripts",
  fix: "run `xm startup`: the daemon then starts the apps again after each boot",
};

export const modules: Absence = {
  what: "the API does not install modules",
  fix: "run `xm install NAME`: the module then runs as an app, and `describe` shows it",
};

export const monitoring: Absence = {
  what: "the daemon does not monitor the machine",
  fix: "`xm slist` prints the machine's metrics",
};

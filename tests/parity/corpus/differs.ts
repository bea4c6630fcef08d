const fileOfNothing = "stop or delete of a file with nothing running";

/**
 * Where a shape ends otherwise on purpose: paths of facts, and the subjects of their rows in
 * docs/reference/differences.md.
 */
export const differs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "instances of an environment": {
    "apps…": "settings in env_NAME",
    "ran…": "settings in env_NAME",
    files: "settings in env_NAME",
  },
  Nest: { "ran….0.env.env_production": "variables of PM2's own" },
  Strapi: { "ran….0.env.PWD": "PWD" },
  Ghost: { "ran….0.env.PWD": "PWD" },
  "a monorepo": {
    "ran….0.env.PWD": "PWD",
    "ran….1.env.PWD": "PWD",
    "ran….2.env.PWD": "PWD",
    "ran….3.env.PWD": "PWD",
  },
  "a command line beside args": {
    "apps….0.args": "args beside a command line",
    "ran….0.argv": "args beside a command line",
  },
  "a command line beside a text of args": {
    "apps….0.args": "args beside a command line",
    "ran….0.argv": "args beside a command line",
  },
  "ts-node as the interpreter": { "ran….0.argv.0": "process.argv[1]" },
  "bun as the interpreter": { "ran….0.argv.1": "process.argv[1]" },
  "bun with a path": { "ran….0.argv.0": "argv[0]", "ran….0.argv.2": "process.argv[1]" },
  "bun as the script": isExecutable(),
  dotnet: isExecutable(),
  "a Python script": { "ran….0.argv.0": "a .py script without interpreter" },
  "python of a virtual environment": { "ran….0.argv.0": "argv[0]" },
  "gunicorn of a virtual environment with its python": { "ran….0.argv.0": "argv[0]" },
  "PYTHONUNBUFFERED by hand": { "ran….0.env.PYTHONUNBUFFERED": "PYTHONUNBUFFERED in env" },
  "empty texts": { "apps….0.args": "an empty text", "ran….0.env.cwd": "an empty text" },
  "an old file with error_file and out_file": Object.fromEntries(
    ["start", "apps…", "ran…", "files", "restart", "reload", "stop", "delete"].map((fact) => [
      fact,
      "a switch as a text",
    ]),
  ),
  "JSON on standard input": { reload: "reload of a configuration on standard input" },
  "loose JSON on standard input": { reload: "reload of a configuration on standard input" },
  "a program by an absolute path": isExecutable(),
  "an old processes.json with a text of arguments": {
    "apps….0.args": "quotes within a word of args or node_args (--name='a b')",
    "ran….0.argv": "quotes within a word of args or node_args (--name='a b')",
    "ran….0.env.PWD": "PWD",
  },
  "a file in a folder with relative paths": { "ran….0.env.PWD": "PWD" },
  "node as the script, as a cluster": Object.fromEntries(
    [
      "apps….0.exec_interpreter",
      "apps….0.pm_exec_path",
      "apps….0.args",
      "apps….0.status",
      "ran…",
    ].map((fact) => [fact, 'script: "node" with exec_mode: "cluster"']),
  ),
  "a program in a folder of its own": isCommand(),
  "gunicorn alone": isCommand(),
  "python -m without an interpreter": isCommand(),
  celery: isCommand(),
  "a key pm2": { stop: "the key pm2 of a file", delete: "the key pm2 of a file" },
  "YAML with words that are booleans": { stop: fileOfNothing, delete: fileOfNothing },
  "arguments of both kinds": { "ran….0.env.PWD": "PWD" },
  "a script beside its working folder": { "ran….0.env.PWD": "PWD", "ran….1.env.PWD": "PWD" },
  "a flow of npm with its folder": { "ran….0.env.PWD": "PWD", "ran….1.env.PWD": "PWD" },
  "uvicorn with python3 as a text": { "ran….0.env.PWD": "PWD" },
  "environments of three stages": { "ran….0.env.NOTHING": "null as a variable" },
  "YAML of several with their environments": {
    "ran….0.env.env_production": "variables of PM2's own",
    "ran….1.env.env_production": "variables of PM2's own",
  },
  "a user": {
    "ran….0.env.HOME": "groups of an app with uid",
    "ran….0.env.username": "username in jlist",
  },
};

/** A command of PATH that is a script of the shell's, which PM2 gives to Node. */
function isCommand(): Readonly<Record<string, string>> {
  const row = "an executable without extension";
  return { "apps….0.exec_interpreter": row, "apps….0.status": row, "ran…": row };
}

function isExecutable(): Readonly<Record<string, string>> {
  const row = "an executable without extension";
  return { "apps….0.exec_interpreter": row, "apps….0.status": row, "ran…": row, files: row };
}

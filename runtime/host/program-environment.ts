/** The environment of a program of the daemon's own: it is not a part of an app's life, nor of the chain of daemons. */
export function programEnvironment(): NodeJS.ProcessEnv {
  const { XM_LIFE: _life, XM_BOOTS: _boots, NODE_OPTIONS: _options, ...env } = process.env;
  return env;
}

/** A module to begin with: settings, a metric and an action, and nothing to install. */
export function sampleModule(name: string): { readonly name: string; readonly text: string }[] {
  return [
    {
      name: "package.json",
      text: `${JSON.stringify(
        {
          name,
          version: "1.0.0",
          description: "A module for Ex Machina and PM2",
          main: "index.js",
          keywords: ["pm2-module"],
          config: { interval: "1000", greeting: "hello" },
        },
        null,
        2,
      )}\n`,
    },
    { name: "index.js", text: program },
    { name: "README.md", text: readme(name) },
  ];
}

const program = `"use strict";

// The settings of a module are JSON in a variable of its name. \`xm set NAME:key value\` changes one and restarts it.
const settings = JSON.parse(process.env[process.env.name] || "{}");
const interval = Number(settings.interval) || 1000;

// What it publishes is in \`xm describe NAME\` and \`xm metrics\`.
let beats = 0;
setInterval(() => {
  beats += 1;
  publish("axm:monitor", { beats: { value: beats, type: "custom", historic: true } });
}, interval);

// \`xm trigger NAME greet\` asks for this.
publish("axm:action", { action_name: "greet", action_type: "custom", arity: 0 });
process.on("message", (message) => {
  if (message !== "greet" && message.msg !== "greet") return;
  publish("axm:reply", { action_name: "greet", return: \`\${settings.greeting} after \${beats} beats\` });
});

console.log("started with", settings);

function publish(type, data) {
  if (process.send) process.send({ type, data });
}
`;

const readme = (name: string): string => `# ${name}

    xm install .                          # in this folder; again after a change
    xm set ${name}:greeting welcome
    xm trigger ${name} greet
    xm describe ${name}
    xm package                            # an archive for \`xm install FILE.tgz\`
    xm uninstall ${name}

- \`config\` in package.json holds the settings and their defaults.
- \`main\` is the program; \`apps: [{ script, max_memory_restart, … }]\` may say more, with the fields of an ecosystem file.
- \`@pm2/io\` works too: \`io.initModule()\` and \`io.getConfig()\` read the same settings.
`;

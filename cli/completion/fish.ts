import { globalFlags, type CommandWords, type FlagWords } from "./words.ts";

/** A script for fish 3 and newer. */
export function fishCompletion(commands: readonly CommandWords[]): string {
  const names = commands.flatMap(({ names: own, description }) =>
    own.map(
      (name) => `complete -c xm -n __xm_has_no_command -a ${quote(name)} -d ${quote(description)}`,
    ),
  );
  const details = commands.flatMap(({ names: own, flags, values, takesProcesses, takesFiles }) => {
    const when = `complete -c xm -n ${quote(`__xm_command_is ${own.join(" ")}`)}`;
    return [
      ...flags
        .filter((flag) => !globalFlags.includes(flag))
        .map((flag) => `${when} ${flagOf(flag)}`),
      ...(values.length === 0 ? [] : [`${when} -a ${quote(values.join(" "))}`]),
      ...(takesProcesses ? [`${when} -a '(xm completion --names 2> /dev/null)'`] : []),
      ...(takesFiles ? [`${when} -F`] : []),
    ];
  });
  return `# Completion of xm for fish: xm completion fish | source
function __xm_command
  set -l previous
  for word in (commandline -opc)[2..-1]
    if not string match -q -- '-*' $word; and test "$previous" != --hp
      echo $word
      return
    end
    set previous $word
  end
end
function __xm_has_no_command
  test -z (__xm_command | string collect)
end
function __xm_command_is
  contains -- (__xm_command | string collect) $argv
end
complete -c xm -f
${globalFlags.map((flag) => `complete -c xm ${flagOf(flag)}`).join("\n")}
${[...names, ...details].join("\n")}
`;
}

function flagOf({ names, description, takesValue }: FlagWords): string {
  const words = names.map((name) =>
    name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  );
  return `${words.join(" ")}${takesValue ? " -x" : ""} -d ${quote(description)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

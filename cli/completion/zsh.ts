import { shellWord } from "../call/shell-word.ts";
import { globalFlags, type CommandWords, type FlagWords } from "./words.ts";

/** A script for zsh: sourced after `compinit`, or as the file `_xm` in a folder of `fpath`. */
export function zshCompletion(commands: readonly CommandWords[]): string {
  const cases = commands.map(({ names, flags, values, takesProcesses, takesFiles }) => {
    const sets = [
      `flags=(${flags.flatMap(describeFlag).join(" ")})`,
      ...(values.length === 0 ? [] : [`values=(${values.join(" ")})`]),
      ...(takesProcesses ? ["processes=1"] : []),
      ...(takesFiles ? ["files=1"] : []),
    ];
    return `    (${names.join("|")}) ${sets.join("; ")} ;;`;
  });
  const all = commands.flatMap(({ names, description }) =>
    names.map((name) => `    ${shellWord(`${name.replaceAll(":", "\\:")}:${description}`)}`),
  );
  return `#compdef xm
# Completion of xm for zsh: source <(xm completion zsh), after compinit
_xm() {
  local command="" found=1
  local -a commands flags values names
  integer i processes=0 files=0
  for ((i = 2; i < CURRENT; i++)); do
    case $words[i] in
      (--hp) ((i++)) ;;
      (-*) ;;
      (*) command=\${(Q)words[i]}; break ;;
    esac
  done
  commands=(
${all.join("\n")}
  )
  case $command in
    ("") flags=(${globalFlags.flatMap(describeFlag).join(" ")}) ;;
${cases.join("\n")}
  esac
  if [[ $PREFIX == -* ]]; then
    _describe -o -t options option flags
    return
  fi
  if [[ -z $command ]]; then
    _describe -t commands command commands
    return
  fi
  (($#values)) && compadd -a values && found=0
  if ((processes)); then
    names=(\${(f)"$(xm completion --names 2> /dev/null)"})
    (($#names)) && compadd -a names && found=0
  fi
  ((files)) && _files && found=0
  return found
}
if [[ $funcstack[1] == _xm ]]; then
  _xm "$@"
else
  compdef _xm xm
fi
`;
}

function describeFlag({ names, description }: FlagWords): string[] {
  return names.map((name) => shellWord(`${name}:${description}`));
}

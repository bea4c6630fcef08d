import type { CommandWords } from "./words.ts";

/**
 * A script for bash 4.3 and newer. Words are compared by the script itself: `compgen -W` would expand what stands in
 * the name of a process. The line is split at spaces, since bash splits it at colons too.
 */
export function bashCompletion(commands: readonly CommandWords[]): string {
  const cases = commands.map(({ names, flags, values, takesProcesses, takesFiles }) => {
    const sets = [
      `flags=(${flags.flatMap((flag) => flag.names).join(" ")})`,
      ...(values.length === 0 ? [] : [`words=(${values.join(" ")})`]),
      ...(takesProcesses ? ["processes=1"] : []),
      ...(takesFiles ? ["files=1"] : []),
    ];
    return `    ${names.join(" | ")}) ${sets.join("; ")} ;;`;
  });
  return `# Completion of xm for bash: eval "$(xm completion bash)"
_xm() {
  local line="\${COMP_LINE:0:COMP_POINT}" current command="" word previous="" processes=0 files=0
  local -a typed words=() flags=()
  current="\${line##*[[:space:]]}"
  read -ra typed <<< "\${line%"$current"}"
  for word in "\${typed[@]:1}"; do
    if [[ $word != -* && $previous != --hp ]]; then
      command=$word
      break
    fi
    previous=$word
  done
  case $command in
    "") words=(${commands.flatMap(({ names }) => names).join(" ")}) ;;
${cases.join("\n")}
  esac
  [[ $current == -* ]] && words=("\${flags[@]}") processes=0 files=0
  if ((processes)); then
    while IFS= read -r word; do words+=("$word"); done < <(xm completion --names 2> /dev/null)
  fi
  COMPREPLY=()
  for word in "\${words[@]}"; do
    [[ -n $word && $word == "$current"* ]] && COMPREPLY+=("$(printf %q "$word")")
  done
  if ((files)); then
    compopt -o filenames 2> /dev/null
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
  fi
  # What stands before the last colon is on the line already.
  if [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
    local before="\${current%"\${current##*:}"}"
    COMPREPLY=("\${COMPREPLY[@]#"$before"}")
  fi
}
complete -F _xm xm
`;
}

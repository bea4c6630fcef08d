import { shellWord } from "../call/shell-word.ts";
import { nodePlaces, nvmPlaces } from "../startup/node-places.ts";
import type { DeployTarget, HookName } from "./target.ts";

/** What is asked of a host. */
export type HostTask =
  | { readonly kind: "setup" }
  /** `reverts`: a deployment whose post-deploy hook fails is taken back. */
  | { readonly kind: "update"; readonly ref: string; readonly reverts: boolean }
  /** Back to the deployment that was `steps` before the present one. */
  | { readonly kind: "revert"; readonly steps: number; readonly reverts: boolean }
  | { readonly kind: "exec"; readonly command: string }
  | { readonly kind: "current" | "previous" | "list" };

/**
 * The program for a host's `sh`. Every value of the configuration is one quoted word in it; only hooks are
 * code. Lines that begin with `mark` tell what is being done: `step TEXT`, `from COMMIT`, `to COMMIT`,
 * `reverted COMMIT`, `failed TEXT`.
 */
export function remoteScript(target: DeployTarget, task: HostTask, mark: string): string {
  const exports = Object.entries(target.env).map(
    ([name, value]) => `  export ${name}=${shellWord(value)}\n`,
  );
  return `# Apps that hooks start know nothing of this connection, so the next one changes nothing of theirs.
unset XM_DEPLOY SSH_CLIENT SSH_CONNECTION
mark=${shellWord(mark)}
shell=\${SHELL:-/bin/sh}
repo=${shellWord(target.repo)}
ref=${shellWord(task.kind === "update" ? task.ref : target.ref)}
root=${remotePath(target.path)}
case $root in /*) ;; *) root=$HOME/$root ;; esac
${findsNode}
tell() { printf '%s %s\\n' "$mark" "$*"; }
fail() { tell "failed $*"; exit 1; }
# What git and the hooks leave running does not keep the lock.
git() { command git "$@" 9>&-; }
lock() {
  touch "$root/.deploy.lock" || fail "$root cannot be written"
  exec 9> "$root/.deploy.lock"
  if command -v flock > /dev/null; then flock -n 9 || fail "another deployment is in progress"; fi
}
# hook NAME FOLDER COMMAND, which the user's shell runs
hook() (
  tell "step executing $1"
  cd "$2" || exit 1
${exports.join("")}  export SHARED="$root/shared"
  exec "$shell" -c "$3" 9>&-
)
# A branch is what the remote has of it: the local one is where the last deployment left it.
find_target() {
  for each in "refs/remotes/$ref" "refs/remotes/origin/$ref" "refs/tags/$ref" "$ref"; do
    target=$(git rev-parse --verify --quiet "$each^{commit}") && return
  done
  fail "the repository has no branch, tag or commit $ref"
}
put() {
  git reset --quiet --hard "$1" && ln -sfn "$root/source" "$root/current"
}

${bodyOf(target, task)}`;
}

/** The remote user's folder is the one thing in a path that the other side knows. */
function remotePath(path: string): string {
  if (path === "~") return '"$HOME"';
  return path.startsWith("~/") ? `"$HOME"/${shellWord(path.slice(2))}` : shellWord(path);
}

/** Version managers set PATH for the shells of people, which this one is not. */
const findsNode = `find_program() {
  command -v "$1" > /dev/null && return
  found=
  for each in /usr/local/bin "$HOME"/${nvmPlaces} ${nodePlaces.map((place) => `"$HOME/${place}"`).join(" ")}; do
    if [ -x "$each/$1" ]; then found=$each; fi
  done
  if [ -n "$found" ]; then export PATH="$found:$PATH"; fi
}
find_program xm
find_program node`;

const notSetUp = `fail "it is not set up: run \\\`setup\\\` first"`;

function bodyOf(target: DeployTarget, task: HostTask): string {
  switch (task.kind) {
    case "setup":
      return setup(target);
    case "update":
    case "revert":
      return update(target, task);
    case "exec":
      return `cd "$root/current" || ${notSetUp}
exec "$shell" -c ${shellWord(task.command)}
`;
    case "current":
      return `cd "$root/source" 2> /dev/null || ${notSetUp}
git rev-parse --short HEAD
`;
    case "previous":
      return `[ -s "$root/.deploys" ] || fail "nothing was deployed"
tail -n 2 "$root/.deploys" | head -n 1
`;
    case "list":
      return `[ -s "$root/.deploys" ] || fail "nothing was deployed"
awk '{ line[NR] = $0 } END { for (i = NR; i > 0; i--) printf "%d\\t%s\\n", NR - i, line[i] }' "$root/.deploys"
`;
  }
}

function hookCall({ hooks }: DeployTarget, name: HookName, folder: string): string {
  const command = hooks[name];
  return command === undefined ? "true" : `hook ${name} "${folder}" ${shellWord(command)}`;
}

const setup = (
  target: DeployTarget,
): string => `${hookCall(target, "pre-setup", "$HOME")} || fail "the pre-setup hook failed"
tell "step running setup"
mkdir -p "$root/shared/logs" "$root/shared/pids" || fail "$root cannot be created"
lock
if [ -e "$root/source/.git" ]; then
  there=$(git -C "$root/source" config remote.origin.url)
  [ "$there" = "$repo" ] || fail "$root/source is a clone of $there"
  tell "step it is already set up"
  tell "to $(git -C "$root/source" rev-parse HEAD)"
  exit 0
fi
tell "step cloning $repo"
git clone --quiet ${target.isShallow ? "--depth=5 --no-single-branch " : ""}-- "$repo" "$root/source" || fail "cloning $repo failed"
cd "$root/source" || exit 1
find_target
put "$target" || fail "$target cannot be checked out"
${hookCall(target, "post-setup", "$root/current")} || fail "the post-setup hook failed"
tell "to $target"
`;

/** A host on which nothing was deployed has nothing to go back to. */
function update(
  target: DeployTarget,
  task: Extract<HostTask, { kind: "update" | "revert" }>,
): string {
  const finds =
    task.kind === "update"
      ? "find_target"
      : `[ "$(cat "$root/.deploys" 2> /dev/null | wc -l)" -gt ${task.steps} ] || fail "there is no deployment ${task.steps} before this one"
ref=$(tail -n ${task.steps + 1} "$root/.deploys" | head -n 1)
find_target`;
  const postDeploy = hookCall(target, "post-deploy", "$root/current");
  return `cd "$root/source" 2> /dev/null || ${notSetUp}
lock
before=$(git rev-parse HEAD) || fail "$root/source is not a repository"
tell "from $before"
${hookCall(target, "pre-deploy", "$root/current")} || fail "the pre-deploy hook failed"
tell "step fetching updates"
git fetch --quiet --all --tags --force${target.isShallow ? " --depth=5" : ""} || fail "fetching $repo failed"
${finds}
tell "step resetting HEAD to $target"
put "$target" || fail "$target cannot be checked out"
had=$([ -s "$root/.deploys" ] && echo yes)
printf '%s\\n' "$target" >> "$root/.deploys"
${postDeploy} && tell "to $target" && exit 0
why="the post-deploy hook ended with $?"
[ "$had" = yes ] && [ "$before" != "$target" ] && ${task.reverts ? "true" : "false"} || fail "$why"
tell "step reverting to $before"
sed '$d' "$root/.deploys" > "$root/.deploys.new" && mv "$root/.deploys.new" "$root/.deploys"
put "$before" || fail "$why, and $before cannot be checked out"
${postDeploy} || fail "$why, and so did that of $before"
tell "reverted $before"
fail "$why"
`;
}

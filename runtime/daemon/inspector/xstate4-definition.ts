import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate";

/*
 * A machine of XState 5 as a definition that XState 4 accepts: states, events, `after`, `always`, `invoke` and tags, with
 * guards, actions and delays by name. What XState 4 lacks stays what it is called: it matches no event against `child.*`.
 */

/** A state of such a definition. */
export interface Xstate4State {
  readonly id: string;
  readonly type?: "parallel" | "final" | "history";
  readonly description?: string | undefined;
  readonly tags?: readonly string[];
  readonly initial?: string | undefined;
  readonly entry: readonly Xstate4Action[];
  readonly exit: readonly Xstate4Action[];
  readonly invoke: readonly {
    readonly id: string;
    readonly src: string;
    readonly onDone: readonly Xstate4Transition[];
    readonly onError: readonly Xstate4Transition[];
  }[];
  readonly always: readonly Xstate4Transition[];
  readonly after: Readonly<Record<string, readonly Xstate4Transition[]>>;
  readonly on: Readonly<Record<string, readonly Xstate4Transition[]>>;
  readonly states: Readonly<Record<string, Xstate4State>>;
}

interface Xstate4Transition {
  readonly target?: string;
  readonly cond?: string | undefined;
  readonly internal?: boolean;
  readonly actions: readonly Xstate4Action[];
}

type Xstate4Action = string | { readonly type: string; readonly params: unknown };

/** @returns a definition whose actions run in their order, as those of XState 5 do. */
export function xstate4Definition({
  root,
}: AnyStateMachine): Xstate4State & { readonly predictableActionArguments: true } {
  return { ...stateFrom(root), predictableActionArguments: true };
}

/** The names of XState 4 for the events that XState 5 makes itself. */
export function xstate4Event(type: string): string {
  return type
    .replace(/^xstate\.after\.([^.]+)\.(.+)$/, "xstate.after($1)#$2")
    .replace(/^xstate\.done\.actor\./, "done.invoke.")
    .replace(/^xstate\.error\.actor\./, "error.platform.")
    .replace(/^xstate\.done\.state\./, "done.state.");
}

function stateFrom(node: AnyStateNode): Xstate4State {
  const { id, type, description, tags, states } = node;
  return {
    id,
    ...(type === "atomic" || type === "compound" ? {} : { type }),
    description,
    tags: [...tags],
    initial: type === "compound" ? node.initial.target[0]?.key : undefined,
    entry: node.entry.flatMap(actionFrom),
    exit: node.exit.flatMap(actionFrom),
    invoke: node.invoke.map(({ id: invoked, src }) => ({
      id: invoked,
      src: nameOf(src),
      onDone: transitionsFor(node, `xstate.done.actor.${invoked}`),
      onError: transitionsFor(node, `xstate.error.actor.${invoked}`),
    })),
    always: (node.always ?? []).map(transitionFrom),
    after: Object.fromEntries(
      node.after.map(({ delay }) => [
        String(delay),
        node.after.filter((each) => each.delay === delay).map(transitionFrom),
      ]),
    ),
    on: Object.fromEntries(
      Object.keys(node.config.on ?? {}).map((event) => [
        xstate4Event(event),
        transitionsFor(node, event),
      ]),
    ),
    states: Object.fromEntries(
      Object.entries(states).map(([key, inner]) => [key, stateFrom(inner)]),
    ),
  };
}

function transitionsFor(node: AnyStateNode, event: string): Xstate4Transition[] {
  return (node.transitions.get(event) ?? []).map(transitionFrom);
}

function transitionFrom(transition: AnyTransitionDefinition): Xstate4Transition {
  const { source, target: targets, guard, actions, reenter } = transition;
  const target = targets?.[0]?.id;
  // XState 4 leaves a state for a target inside it, unless it is marked internal.
  const isInside = target === source.id || target?.startsWith(`${source.id}.`) === true;
  return {
    ...(target === undefined ? {} : { target: `#${target}` }),
    ...(isInside ? { internal: !reenter } : {}),
    cond: guard === undefined ? undefined : nameOf(guard),
    actions: actions.flatMap(actionFrom),
  };
}

/** XState arms and cancels its delays by actions of its own, which XState 4 adds again. */
function actionFrom(action: unknown): Xstate4Action[] {
  const type = nameOf(action);
  if (type.startsWith("xstate.")) return [];
  const { params } = action as { params?: unknown };
  return [params === undefined ? type : { type, params }];
}

function nameOf(named: unknown): string {
  return typeof named === "string" ? named : (named as { type: string }).type;
}

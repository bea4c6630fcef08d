/*
 * What an OTP supervisor does, from supervisor.erl of OTP 26, as far as one can see it: who is terminated and started, in which order.
 * Three things are not OTP's: a group within a group is transient, what a user has stopped stays stopped, and a child that
 * fails to start after a user's command has crashed.
 */

export interface ChildDraft {
  readonly name: string;
  readonly restart: "permanent" | "transient" | "temporary";
  readonly isSignificant: boolean;
  /** For each of its starts, whether it comes up; it does after the last. */
  readonly starts: readonly boolean[];
}

export interface SupervisorDraft {
  readonly name: string;
  readonly strategy: "one_for_one" | "one_for_all" | "rest_for_one";
  readonly maxRestarts: number;
  readonly autoShutdown: "never" | "any_significant" | "all_significant";
  readonly isSignificant: boolean;
  readonly children: readonly (ChildDraft | SupervisorDraft)[];
}

export const isSupervisor = (draft: ChildDraft | SupervisorDraft): draft is SupervisorDraft =>
  "children" in draft;

interface Node {
  readonly draft: ChildDraft | SupervisorDraft;
  readonly parent: Node | null;
  readonly children: Node[];
  isUp: boolean;
  /** A temporary one that has ended is no child any more. */
  isGone: boolean;
  isStopped: boolean;
  starts: number;
  /** In the present period. */
  restarts: number;
}

export class OtpSupervisor {
  /** What has been done: `+a` is a start, `-a` is an end that was asked for. */
  trace: string[] = [];
  readonly #root: Node;

  constructor(draft: SupervisorDraft) {
    this.#root = this.#node(draft, null);
    this.#bringUp(this.#root);
  }

  get isUp(): boolean {
    return this.#root.isUp;
  }

  /** The names of the children that run. */
  running(): string[] {
    return this.#all()
      .filter((each) => each.isUp && each.children.length === 0)
      .map(({ draft }) => draft.name);
  }

  /** So much time that earlier restarts count no more. */
  wait(): void {
    for (const each of this.#all()) each.restarts = 0;
  }

  end(name: string, isAbnormal: boolean): void {
    const node = this.#find(name);
    if (node.isUp) this.#ended(node, isAbnormal);
  }

  stop(name: string): void {
    const node = this.#find(name);
    if (!this.#isSupervised(node)) return;
    if (node.isUp) this.trace.push(`-${name}`);
    node.isUp = false;
    node.isStopped = true;
  }

  start(name: string): void {
    const node = this.#find(name);
    if (!this.#isSupervised(node) || node.isUp) return;
    node.isStopped = false;
    node.isGone = false;
    if (!this.#bringUp(node)) this.#ended(node, true);
  }

  /** Whether commands for it mean anything. */
  isSupervised(name: string): boolean {
    return this.#isSupervised(this.#find(name));
  }

  #isSupervised({ parent }: Node): boolean {
    return parent === null || (parent.isUp && this.#isSupervised(parent));
  }

  /** handle_info({'EXIT', …}) → restart_child → do_restart */
  #ended(node: Node, isAbnormal: boolean): void {
    node.isUp = false;
    const { parent, draft } = node;
    if (parent === null) return;
    const type = isSupervisor(draft) ? "transient" : draft.restart;
    if (type === "permanent" || (type === "transient" && isAbnormal)) this.#restart(parent, node);
    else {
      node.isGone = type === "temporary";
      this.#autoShutdown(parent, node);
    }
  }

  /** restart/2: add_restart, then by the strategy; what fails to start is a restart of its own (try_again_restart). */
  #restart(supervisor: Node, child: Node): void {
    const draft = supervisor.draft as SupervisorDraft;
    supervisor.restarts += 1;
    if (supervisor.restarts > draft.maxRestarts) {
      this.#terminateAll(supervisor.children);
      this.#ended(supervisor, true);
      return;
    }
    const { children } = supervisor;
    const scope = {
      one_for_one: [child],
      one_for_all: children,
      rest_for_one: children.slice(children.indexOf(child)),
    }[draft.strategy];
    this.#terminateAll(scope);
    for (const each of scope) {
      if (each.isGone || each.isStopped || this.#bringUp(each)) continue;
      this.#restart(supervisor, each);
      return;
    }
  }

  #autoShutdown(supervisor: Node, ended: Node): void {
    const { autoShutdown } = supervisor.draft as SupervisorDraft;
    if (autoShutdown === "never" || !ended.draft.isSignificant) return;
    const isActive = supervisor.children.some((each) => each.draft.isSignificant && each.isUp);
    if (autoShutdown === "all_significant" && isActive) return;
    this.#terminateAll(supervisor.children);
    this.#ended(supervisor, false);
  }

  /** terminate_children: the last one first. */
  #terminateAll(nodes: readonly Node[]): void {
    for (const each of nodes.toReversed()) {
      this.#terminateAll(each.children);
      if (each.isUp && each.children.length === 0) this.trace.push(`-${each.draft.name}`);
      if (!isSupervisor(each.draft) && each.draft.restart === "temporary") each.isGone = true;
      each.isUp = false;
    }
  }

  /** @returns whether it came up. */
  #bringUp(node: Node): boolean {
    const { draft } = node;
    if (isSupervisor(draft)) {
      node.restarts = 0;
      for (const each of node.children) if (!each.isStopped && !each.isGone) this.#bringUp(each);
      node.isUp = true;
      return true;
    }
    this.trace.push(`+${draft.name}`);
    node.isUp = draft.starts[node.starts] ?? true;
    node.starts += 1;
    return node.isUp;
  }

  #node(draft: ChildDraft | SupervisorDraft, parent: Node | null): Node {
    const node: Node = {
      draft,
      parent,
      children: [],
      isUp: false,
      isGone: false,
      isStopped: false,
      starts: 0,
      restarts: 0,
    };
    if (isSupervisor(draft))
      for (const each of draft.children) node.children.push(this.#node(each, node));
    return node;
  }

  #all(node: Node = this.#root): Node[] {
    return [node, ...node.children.flatMap((each) => this.#all(each))];
  }

  #find(name: string): Node {
    const node = this.#all().find(({ draft }) => draft.name === name);
    if (node === undefined) throw new Error(`no child ${name}`);
    return node;
  }
}

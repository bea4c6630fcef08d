import type { ComponentChildren } from "preact";

/** One line of a form: its name, its input, and its error. */
export function FormField(options: {
  readonly id: string;
  readonly name: string;
  readonly title?: string;
  readonly fault?: string | undefined;
  readonly children: ComponentChildren;
}) {
  const { id, name, title, fault, children } = options;
  return (
    <div class={`field${fault === undefined ? "" : " wrong"}`}>
      <label for={id} title={title}>
        {name}
      </label>
      {children}
      {fault !== undefined && (
        <p class="field-fault" id={`${id}-fault`} role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}

export function TextInput(options: {
  readonly id: string;
  readonly value: string;
  readonly fault?: string | undefined;
  readonly onChange: (value: string) => void;
}) {
  const { id, value, fault, onChange } = options;
  return (
    <input
      id={id}
      value={value}
      autocomplete="off"
      spellcheck={false}
      aria-invalid={fault !== undefined}
      aria-describedby={fault === undefined ? undefined : `${id}-fault`}
      onInput={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}

export function Choice(options: {
  readonly id: string;
  readonly value: string;
  readonly of: readonly (readonly [value: string, label: string])[];
  readonly onChange: (value: string) => void;
}) {
  const { id, value, of, onChange } = options;
  return (
    <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
      {of.map(([each, label]) => (
        <option key={each} value={each}>
          {label}
        </option>
      ))}
    </select>
  );
}

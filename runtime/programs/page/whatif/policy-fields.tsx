import { Choice, FormField, TextInput } from "./field.tsx";
import {
  choices,
  meaningOf,
  policyFields,
  type PolicyField,
  type PolicyForm,
} from "./policy-form.ts";

/** Fields that say how a growing wait grows: without one they say nothing. */
const ofBackoff: readonly PolicyField[] = [
  "exp_backoff_restart_factor",
  "exp_backoff_restart_max",
  "exp_backoff_restart_jitter",
  "exp_backoff_reset",
];

/** Every field of a policy, under its name in an ecosystem file. */
export function PolicyFields(options: {
  readonly form: PolicyForm;
  readonly faults: Partial<Record<PolicyField, string>>;
  readonly onChange: (form: PolicyForm) => void;
}) {
  const { form, faults, onChange } = options;
  const isIdle = (field: PolicyField): boolean =>
    (ofBackoff.includes(field) && /^0*$/.test(form.exp_backoff_restart_delay)) ||
    (field === "listen_timeout" && form.ready === "spawned");
  return (
    <>
      {policyFields
        .filter((field) => !isIdle(field))
        .map((field) => {
          const of = choices[field]?.map((each) => [each, each] as const);
          const change = (value: string): void => onChange({ ...form, [field]: value });
          const id = `policy-${field}`;
          return (
            <FormField
              key={field}
              id={id}
              name={field}
              title={meaningOf(field)}
              fault={faults[field]}
            >
              {of === undefined ? (
                <TextInput id={id} value={form[field]} fault={faults[field]} onChange={change} />
              ) : (
                <Choice id={id} value={form[field]} of={of} onChange={change} />
              )}
            </FormField>
          );
        })}
    </>
  );
}

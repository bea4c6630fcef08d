/** Docker and Kubernetes read YAML 1.1, in which an unquoted `no` or `on` is no text. */
export const yamlStyle = { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false } as const;

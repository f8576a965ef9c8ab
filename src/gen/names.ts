/** The name of what is generated from a file: `task_switch.bpf.c` gives `TaskSwitch`. */
export function nameOfFile(path: string): string {
  const base = path.replace(/^.*[\\/]/, "").replace(/(\.bpf)?\.[^.]*$/, "")
  const name = base
    .split(/[^A-Za-z0-9]+/)
    .map(word => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("")
  return /^[A-Z]/.test(name) ? name : `Program${name}`
}

/** Whether a text can be the name of a type and of a constant. */
export function isTypeName(text: string): boolean {
  return /^[A-Z_$][\w$]*$/.test(text)
}

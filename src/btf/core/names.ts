/**
 * The part of a name that counts when types of a program are compared with those of a kernel. What follows the last
 * three underscores between other characters is a flavour, with which a program tells its own variants apart:
 *
 *     task_struct          task_struct
 *     task_struct___old    task_struct
 *     ___x                 ___x
 */
export function essentialName(name: string): string {
  if (!name.includes("___")) return name
  for (let i = name.length - 5; i >= 0; i--) {
    if (name[i] !== "_" && name.startsWith("___", i + 1) && name[i + 4] !== "_") return name.slice(0, i + 1)
  }
  return name
}

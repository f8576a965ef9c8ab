/** Paths with slashes, for names of texts and what they include. */
export const isAbsolute = (path: string): boolean => path.startsWith("/")
export const dirname = (path: string): string => path.replace(/\/?[^/]*$/, "") || (isAbsolute(path) ? "/" : ".")
export const basename = (path: string): string => path.replace(/^.*\//, "")
export function join(...parts: string[]): string {
  const out: string[] = []
  for (const part of parts.join("/").split("/")) {
    if (part === ".." && out.length > 0 && out.at(-1) !== "..") out.pop()
    else if (part !== "" && part !== ".") out.push(part)
  }
  return (parts[0]?.startsWith("/") ? "/" : "") + (out.join("/") || ".")
}
